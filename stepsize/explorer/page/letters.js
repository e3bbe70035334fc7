// Bytes written in 85 letters, five letters for four bytes: as Python's base64.b85encode, but for the "<".

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;,=>?@^_`{|}~";

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function bytesOf(text) {
  const bytes = new Uint8Array(Math.floor(text.length * 4 / 5)), places = new Map([...LETTERS].map((letter, i) => [letter, i]));
  for (let i = 0, n = 0; i < text.length; i += 5) {
    let value = 0;
    for (let k = i; k < i + 5; k++) value = value * 85 + (places.get(text[k]) ?? 84); // what is left out counts as the last letter
    for (let shift = 2 ** 24; shift >= 1 && n < bytes.length; shift /= 256) bytes[n++] = Math.floor(value / shift) % 256;
  }
  return bytes;
}
