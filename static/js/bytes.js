// Reads numbers and strings from bytes, as static/src/bytes.rs writes them.
const UTF8 = new TextDecoder();

export const decoded = (bytes) => UTF8.decode(bytes);

export class Cut extends Error {}

export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get isAtEnd() {
    return this.at >= this.bytes.length;
  }

  number() {
    let value = 0, factor = 1;
    for (;;) {
      if (this.at >= this.bytes.length) throw new Cut("the data ends too early");
      const byte = this.bytes[this.at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }

  raw(count) {
    if (this.at + count > this.bytes.length) throw new Cut("the data ends too early");
    return this.bytes.subarray(this.at, (this.at += count));
  }

  float() {
    const { buffer, byteOffset } = this.raw(4);
    return new DataView(buffer, byteOffset).getFloat32(0, true);
  }

  // A string of a sorted list, after the one before it.
  stringAfter(before) {
    const shared = this.number();
    return before.slice(0, shared) + UTF8.decode(this.raw(this.number()));
  }

  strings() {
    const out = [];
    for (let count = this.number(), last = ""; count; count--) out.push((last = this.stringAfter(last)));
    return out;
  }

  ascending() {
    const out = new Uint32Array(this.number());
    for (let i = 0, last = 0; i < out.length; i++) out[i] = last += this.number();
    return out;
  }
}

// Strings in the order of their code points, which is the order of the files. UTF-16 differs for rare characters.
export function isBefore(a, b) {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i), y = b.charCodeAt(i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? a.codePointAt(i) < b.codePointAt(i) : x < y;
  }
  return a.length < b.length;
}

// The place of the last bound that is not after `text`; 0 if all are.
export function place(bounds, text) {
  let low = 0, high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(text, bounds[middle])) high = middle;
    else low = middle + 1;
  }
  return Math.max(low - 1, 0);
}
