// What is meant by a name: drugs, cells and genes, as people call them.

import { distance } from "fastest-levenshtein";

const ALIKE = 0.4; // of the letters of a name may differ in "did you mean"
const plain = (text) => text.toLowerCase().replace(/[\W_]+/g, "");

/** Everything that has a page of its own, by all its names. */
export class Names {
  constructor(dataset) {
    this.entries = [
      ...dataset.drugs.map((drug) => entry("drug", drug, drug.name || drug.drug, drugNames(drug))),
      ...dataset.cells.map((cell) => entry("cell", cell, cell.cell, [cell.cell])),
      ...dataset.genes.map((gene) => entry("gene", gene, gene.label, geneNames(gene))),
      ...dataset.dropped
        .filter((one) => one.what !== "experiment")
        .map((one) => {
          const name = (one.what === "drug" && one.name) || one[one.what];
          return entry("dropped", one, name, [name, one[one.what]]);
        }),
    ];
    this.genes = new Map();
    const symbols = new Map();
    for (const { symbol } of dataset.genes) symbols.set(symbol, (symbols.get(symbol) ?? 0) + 1);
    const own = (gene) => (symbols.get(gene.symbol) === 1 ? gene.symbol : "");
    for (const name of [own, (gene) => gene.gene, (gene) => gene.ensembl]) {
      for (const gene of dataset.genes) {
        const key = String(name(gene) || "").toLowerCase();
        if (key && !this.genes.has(key)) this.genes.set(key, gene.position);
      }
    }
  }

  /** Entries that a text may mean, the likeliest first: by beginning, then by part. */
  search(text, count = 12) {
    const wanted = plain(text);
    if (!wanted) return [];
    const ranked = [];
    for (const one of this.entries) {
      const rank = Math.min(...one.keys.map((key) => rankOf(key, wanted)));
      if (rank < 4) ranked.push({ one, rank });
    }
    ranked.sort((a, b) => a.rank - b.rank || a.one.name.length - b.one.name.length);
    return ranked.slice(0, count).map(({ one }) => one);
  }

  /** Entries that are spelt alike, for what has no other. */
  alike(text, count = 3) {
    const wanted = plain(text);
    const near = [];
    for (const one of this.entries) {
      const away = Math.min(
        ...one.keys.map((key) => distance(key, wanted) / Math.max(key.length, wanted.length)),
      );
      if (away <= ALIKE) near.push({ one, away });
    }
    near.sort((a, b) => a.away - b.away);
    return near.slice(0, count).map(({ one }) => one);
  }

  /** Positions of genes, and the names that are of none; of several names of one gene, the first. */
  findGenes(names) {
    const positions = new Set();
    const missing = [];
    for (const name of names) {
      const key = name.trim().toLowerCase().replace(/^(ens[a-z]*\d+)\.\d+$/, "$1");
      if (this.genes.has(key)) positions.add(this.genes.get(key));
      else missing.push(name);
    }
    return { positions: [...positions], missing };
  }

  /** The drug, cell or gene that a permalink names, by its id or any other name of its own. */
  find(kind, text) {
    const ofKind = this.entries.filter((one) => one.kind === kind);
    const called = plain(text);
    return (
      ofKind.find((one) => one.id === text) ?? ofKind.find((one) => one.keys.includes(called))
    )?.about;
  }
}

function entry(kind, about, name, names) {
  const keys = [...new Set(names.filter(Boolean).map(plain))].filter(Boolean);
  const id = kind === "dropped" ? about[about.what] : about[kind];
  return { kind, about, id, name, keys, note: noteOf(kind, about, name) };
}

function noteOf(kind, about, name) {
  if (kind === "cell") return about.lineage ? `cell, ${about.lineage}` : "cell";
  if (kind === "gene") return about.symbol ? `gene ${about.gene}` : "gene";
  if (kind === "dropped") return `${about.what}, not in the tensor`;
  return name === about.drug ? "drug" : `drug ${about.drug}`;
}

const drugNames = (drug) => [drug.name, drug.drug, drug.inchi_key, ...drug.ids.split("; ")];
const geneNames = (gene) => [gene.symbol, gene.gene, gene.ensembl];

function rankOf(key, wanted) {
  if (key === wanted) return 0;
  if (key.startsWith(wanted)) return 1;
  return key.includes(wanted) ? 2 : 4;
}

/** The names in a pasted text: by lines, commas, semicolons or blanks. */
export function namesIn(text) {
  return text.split(/[\s,;|]+/).filter(Boolean);
}
