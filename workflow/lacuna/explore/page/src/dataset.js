// What the page knows of a run: names and columns at once, profiles when they are asked for.

import { loadShard } from "./shards.js";

const KEPT_SHARDS = 400; // of exact profiles, in memory

export const SOURCES = ["predicted", "measured"]; // by the code that stands in the data

export class Dataset {
  static async open() {
    return new Dataset(await loadShard("open"));
  }

  constructor({ facts, arrays }) {
    Object.assign(this, facts.about); // dataset, title, method, simulated, tiers, ...
    this.drugs = rows(facts.drugs);
    this.cells = rows(facts.cells);
    this.genes = rows(facts.genes);
    for (const gene of this.genes) gene.label = gene.symbol || gene.gene;
    this.dropped = rows(facts.dropped);
    this.columns = arrays;
    this.profiles = this.drugs.length * this.cells.length;
    this.drugsPerShard = facts.drugs_per_shard;
    this.searchParts = facts.search_parts;
    this.shards = new Map();
  }

  /** What is known of the profile of a drug in a cell, both by position, its values apart. */
  about(drug, cell) {
    const position = drug * this.cells.length + cell;
    const { source, fallback, tier, ...numbers } = this.columns;
    return {
      position,
      drug: this.drugs[drug],
      cell: this.cells[cell],
      source: SOURCES[source[position]],
      fallback: Boolean(fallback[position]),
      norm: numbers.norm[position],
      stderr: numbers.stderr[position],
      expected_r: numbers.expected_r[position],
      replicates: numbers.replicates[position],
      acd: numbers.acd[position],
      tier: this.tiers[tier[position]]?.name ?? "",
    };
  }

  aboutProfile(position) {
    return this.about(Math.floor(position / this.cells.length), position % this.cells.length);
  }

  /** The unit profiles of a drug in all cells: cell after cell, gene after gene. */
  async profilesOf(drug) {
    const shard = await this.shard(Math.floor(drug / this.drugsPerShard));
    const size = this.cells.length * this.genes.length;
    const start = (drug % this.drugsPerShard) * size;
    const values = new Float32Array(size);
    const genes = this.genes.length;
    for (let i = 0; i < size; i++) {
      values[i] = shard.scale[Math.floor((start + i) / genes)] * exact(shard, start + i);
    }
    return values;
  }

  /** The product of a query (a value for each gene) with a unit profile. */
  async product(query, drug, cell) {
    const shard = await this.shard(Math.floor(drug / this.drugsPerShard));
    const profile = (drug % this.drugsPerShard) * this.cells.length + cell;
    const start = profile * query.length;
    let sum = 0;
    for (let gene = 0; gene < query.length; gene++) sum += query[gene] * exact(shard, start + gene);
    return shard.scale[profile] * sum;
  }

  async profile(drug, cell) {
    const genes = this.genes.length;
    return (await this.profilesOf(drug)).subarray(cell * genes, (cell + 1) * genes);
  }

  shard(number) {
    const known = this.shards.get(number);
    if (known) {
      this.shards.delete(number); // to the end of the line, from whose start shards are let go
      this.shards.set(number, known);
      return known;
    }
    const name = `drugs-${String(number).padStart(4, "0")}`;
    const loading = loadShard(name).then((shard) => shard.arrays);
    this.shards.set(number, loading);
    loading.catch(() => this.shards.delete(number)); // to be tried again
    if (this.shards.size > KEPT_SHARDS) this.shards.delete(this.shards.keys().next().value);
    return loading;
  }
}

/** A value in 20 bits, of which the last four share a byte with those of its neighbour. */
function exact({ values, last_bits }, i) {
  return 16 * values[i] + ((last_bits[i >> 1] >> (4 * (i & 1))) & 15);
}

export function dot(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += one[i] * other[i];
  return sum;
}

function rows(columns) {
  const names = Object.keys(columns);
  const count = names.length ? columns[names[0]].length : 0;
  return Array.from({ length: count }, (_, position) => {
    const row = { position };
    for (const name of names) row[name] = columns[name][position];
    return row;
  });
}
