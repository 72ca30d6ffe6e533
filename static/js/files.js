// Fetches data files, checks that each is the right one, and keeps the last of them.
const MAGIC = [67, 90, 83, 49];
const HEADER = 13;
const KEPT = 4000;

// A file that is missing, cut, of another version, or a page of the host in its place.
export class BadFile extends Error {}

export class Files {
  #known = new Map();

  constructor(base, folder, tag) {
    this.base = new URL(`${folder}/`, base).href;
    this.tag = tag;
    this.bytes = 0;
  }

  // The data of a file.
  get(kind, number) {
    const name = `${kind}${number}.bin`;
    const known = this.#known.get(name) ?? this.#load(name, kind, number);
    this.#known.delete(name);
    this.#known.set(name, known);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value);
    return known;
  }

  async #load(name, kind, number) {
    try {
      const response = await fetch(this.base + name);
      if (!response.ok) throw new BadFile(`${name} is missing`);
      const packed = new Uint8Array(await response.arrayBuffer());
      this.bytes += packed.length;
      return this.#checked(await unpacked(packed, name), name, kind, number);
    } catch (error) {
      // The next search tries again.
      this.#known.delete(name);
      throw error instanceof BadFile ? error : new BadFile(`${name}: ${error.message}`);
    }
  }

  #checked(data, name, kind, number) {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const isOurs = data.length >= HEADER && MAGIC.every((byte, i) => data[i] === byte);
    if (!isOurs) throw new BadFile(`${name} is no data file`);
    const isRight = view.getUint32(4, true) === this.tag && data[8] === kind.charCodeAt(0) && view.getUint32(9, true) === number;
    if (!isRight) throw new BadFile(`${name} is another file`);
    return data.subarray(HEADER);
  }
}

// Some hosts unpack a file before they send it.
async function unpacked(bytes, name) {
  if (bytes[0] !== 31 || bytes[1] !== 139) return bytes;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new BadFile(`${name} is cut or damaged`);
  }
}
