// Scores of all profiles against one direction of genes, and the best of them exactly.
//
// All profiles are held in memory in short: most as a few components of a common basis, the others
// gene by gene in 8 bits. How much each lacks is known; so those that may be among the best are, too,
// and these few are scored exactly.

import { dot } from "./dataset.js";
import { loadShard, pause } from "./shards.js";

const SLICE = 12; // milliseconds of work between two pauses
const TOGETHER = 4; // rows that are summed in one go
const SURE = 6; // standard deviations
const ROUND = 1e-5; // what rounding of sums adds to an error

export class Search {
  constructor(dataset) {
    this.dataset = dataset;
    this.loading = null;
    this.done = 0;
  }

  /** Load all profiles in short; only the first call does. */
  load(onProgress = () => {}) {
    this.loading ??= this.#load(onProgress).catch((error) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  async #load(onProgress) {
    const parts = this.dataset.searchParts;
    this.blocks = [];
    const loadPart = (part) => loadShard(`search-${String(part).padStart(2, "0")}`);
    let next = loadPart(0);
    for (let part = 0; part < parts; part++) {
      const { facts, arrays } = await next;
      if (part + 1 < parts) next = loadPart(part + 1); // while this one is taken in
      if (part === 0) Object.assign(this, arrays, facts);
      else this.blocks.push({ ...facts, ...arrays });
      this.done = (part + 1) / parts;
      onProgress(this.done);
      await pause();
    }
    const short = [];
    const whole = [];
    for (let i = 0; i < this.is_whole.length; i++) (this.is_whole[i] ? whole : short).push(i);
    this.places = { components: Int32Array.from(short), genes: Int32Array.from(whole) };
  }

  /** The product of each profile with a query (float, one value a gene), about. */
  async approximate(query) {
    await this.load();
    const weights = { genes: query, components: this.#project(query) };
    const scores = new Float32Array(this.dataset.profiles);
    const sums = {
      components: new Float32Array(this.places.components.length),
      genes: new Float32Array(this.places.genes.length),
    };
    let since = performance.now();
    for (const { of, first, values } of this.blocks) {
      const sum = sums[of];
      const used = usedRows(weights[of], first, values.length / sum.length);
      for (let i = 0; i < used.length; i += TOGETHER) {
        addRows(sum, values, used.slice(i, i + TOGETHER), weights[of], first);
        if (performance.now() - since > SLICE) {
          await pause();
          since = performance.now();
        }
      }
    }
    this.places.components.forEach((place, i) => {
      scores[place] = this.step * sums.components[i];
    });
    this.places.genes.forEach((place, i) => {
      scores[place] = this.scale[i] * sums.genes[i];
    });
    return scores;
  }

  #project(query) {
    const { components, basis } = this;
    const projected = new Float64Array(components);
    for (let gene = 0; gene < query.length; gene++) {
      if (!query[gene]) continue;
      for (let j = 0; j < components; j++) {
        projected[j] += query[gene] * basis[gene * components + j];
      }
    }
    return projected;
  }

  /**
   * The profiles with the highest products with a query, best first, exactly.
   *
   * `scores` are of `approximate`; `keep` says by position which profiles may be among them;
   * `weights` multiply the products of profiles; `sign` -1 asks for the lowest products.
   *
   * The highest scores in short are made exact, then all others that an error could bring among
   * them: one of SURE standard deviations, or of twice the largest that was seen, and never of more
   * than what the profile lacks in short.
   */
  async best(query, scores, { keep, weights, sign = 1, count = 20 }) {
    const about = new Float64Array(scores.length).fill(-Infinity);
    for (let i = 0; i < scores.length; i++) {
      const value = sign * (weights ? weights[i] : 1) * scores[i];
      if ((!keep || keep[i]) && !Number.isNaN(value)) about[i] = value;
    }
    const error = this.#errors(query, weights);
    const exact = new Map();
    let width = SURE;
    let next = highest(about, count);
    while (next.length) {
      await this.#score(next, query, weights, exact);
      for (const i of next) {
        const off = Math.abs(sign * exact.get(i) - about[i]);
        width = Math.max(width, (2 * off) / error(i, 1));
      }
      const reached = nthLargest(exact, sign, count);
      next = [];
      for (let i = 0; i < about.length; i++) {
        if (about[i] > -Infinity && about[i] + error(i, width) >= reached && !exact.has(i)) next.push(i);
      }
    }
    return Array.from(exact, ([position, score]) => ({ position, score }))
      .filter((one) => sign * one.score > 0) // what is opposed is not alike
      .sort((a, b) => sign * (b.score - a.score) || a.position - b.position)
      .slice(0, count);
  }

  /** How far off the score of a profile may be, by so many standard deviations. */
  #errors(query, weights) {
    const length = Math.sqrt(dot(query, query));
    const usual = length / Math.sqrt(query.length);
    const most = query.reduce((sum, value, i) => sum + Math.abs(value) * this.gene_error[i], 0);
    return (i, width) => {
      const lacks = this.profile_error[i];
      const off = Math.min(width * usual * lacks, length * lacks, most) + ROUND;
      return weights ? weights[i] * off : off;
    };
  }

  async #score(positions, query, weights, exact) {
    const cells = this.dataset.cells.length;
    const scored = positions.map(async (position) => {
      const drug = Math.floor(position / cells);
      const score = await this.dataset.product(query, drug, position % cells);
      exact.set(position, weights ? weights[position] * score : score);
    });
    await Promise.all(scored);
  }
}

function usedRows(weights, first, count) {
  const used = [];
  for (let row = 0; row < count; row++) if (weights[first + row]) used.push(row);
  return used;
}

function addRows(sum, values, rows, weights, first) {
  const length = sum.length;
  if (rows.length < TOGETHER) {
    for (const row of rows) {
      const weight = weights[first + row];
      const start = row * length;
      for (let i = 0; i < length; i++) sum[i] += weight * values[start + i];
    }
    return;
  }
  const [a, b, c, d] = rows.map((row) => weights[first + row]);
  const [at, bt, ct, dt] = rows.map((row) => row * length);
  for (let i = 0; i < length; i++) {
    sum[i] += a * values[at + i] + b * values[bt + i] + c * values[ct + i] + d * values[dt + i];
  }
}

/** The positions of the highest values, in no order. */
function highest(values, count) {
  const found = []; // the lowest first
  for (let i = 0; i < values.length; i++) {
    if (values[i] === -Infinity || (found.length === count && values[i] <= values[found[0]])) continue;
    if (found.length === count) found.shift();
    const place = found.findIndex((one) => values[one] > values[i]);
    found.splice(place < 0 ? found.length : place, 0, i);
  }
  return found;
}

function nthLargest(scores, sign, count) {
  if (scores.size < count) return -Infinity;
  return Array.from(scores.values(), (score) => sign * score).sort((a, b) => b - a)[count - 1];
}
