// The seven emotions in the order of the columns of `fer analyze`, and their colours.
// The colours are those that the overlay of `fer analyze` draws.

export const LABELS = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'];

export const COLORS = {
  anger: '#e63c3c', disgust: '#3c9646', fear: '#a05ac8', happiness: '#fac828',
  sadness: '#328cdc', surprise: '#fa963c', neutral: '#c8c8c8', unknown: '#828282',
};

export const COLUMNS = [
  'file', 'image', 'time_s', 'track_id', 'state', 'x', 'y', 'width', 'height', 'score', 'roll',
  'pitch', 'yaw', 'quality', ...LABELS, 'label', 'confidence'];

export function percent(share) {
  return share === null ? '–' : `${Math.round(share * 100)} %`;
}

export function inWords(face) {
  return face.label === 'unknown' ? 'unknown' : `${face.label}, ${percent(face.confidence)}`;
}
