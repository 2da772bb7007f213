// Reads what stands in data/*.js. Browsers refuse fetch and Worker to a page that was opened by
// double click (file://), and let it load scripts: each of them hands over one text.

const waiting = new Map();
globalThis.lacunaShard = (name, text, how) => waiting.get(name)?.({ text, how });

/** Load a shard: the facts and the typed arrays that lacuna.explore.page_shards packed. */
export async function loadShard(name) {
  const { text, how } = await loadScript(name);
  const bytes = fromBase64(text);
  return unpack(how === "deflate" ? await inflate(bytes) : bytes.buffer);
}

function loadScript(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    waiting.set(name, resolve);
    script.src = `data/${name}.js`;
    script.onload = script.onerror = () => {
      waiting.delete(name);
      script.remove();
      // Nothing comes of this where the script has handed over its text.
      reject(new Error(`data/${name}.js is missing or damaged. Keep index.html and its folder data together, and copy them anew.`));
    };
    document.head.append(script);
  });
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const packed = atob(text);
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = packed.charCodeAt(i);
  return bytes;
}

function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

const KINDS = {
  float32: Float32Array,
  int8: Int8Array,
  uint8: Uint8Array,
};

function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const start = (4 + size + 7) & ~7; // arrays begin at multiples of 8
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const arrays = {};
  for (const [name, { kind, length, offset }] of Object.entries(header.arrays)) {
    arrays[name] =
      kind === "int16"
        ? fromPlanes(new Uint8Array(buffer, start + offset, 2 * length))
        : new KINDS[kind](buffer, start + offset, length);
  }
  return { facts: header.facts, arrays };
}

// The high bytes of 16-bit numbers, then the low ones: they compress better apart.
function fromPlanes(bytes) {
  const count = bytes.length / 2;
  const numbers = new Int16Array(count);
  for (let i = 0; i < count; i++) numbers[i] = (bytes[i] << 8) | bytes[count + i];
  return numbers;
}

/** Let the browser paint and take keys, between slices of long work. */
export function pause() {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}
