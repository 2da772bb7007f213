// Scales on which measured and predicted profiles compare: the formulas of
// lacuna.explore.scales, where they are explained.

const LARGEST = 0.999;

/** What an entry of a unit profile is multiplied by; NaN where that takes an unknown expected r. */
export function factor(expectedR, scale, genes) {
  if (scale === "unit") return 1;
  const expected = Number.isNaN(expectedR) ? NaN : Math.max(expectedR, 0);
  return scale === "expected" ? expected : expected / errorOf(expectedR, genes);
}

export function comparable(values, expectedR, scale, genes) {
  return Array.from(values, (value, i) => value * factor(expectedR[i], scale, genes));
}

/** The standard deviation of a fresh measurement about what is expected of it, of one entry. */
export function errorOf(expectedR, genes, scale = "unit") {
  const r = Number.isNaN(expectedR) ? NaN : Math.min(Math.max(expectedR, 0), LARGEST);
  const error = Math.sqrt((1 - r * r) / genes);
  return scale === "z" && !Number.isNaN(error) ? 1 : error;
}
