// What was measured, and is not in the tensor: the step at which it fell out.

export function DroppedView({ dropped }) {
  const name = (dropped.what === "drug" && dropped.name) || dropped[dropped.what];
  const numbers = [
    ["Id", dropped.what === "drug" ? dropped.drug : ""],
    ["Step", dropped.step],
    ["Why", dropped.why],
    ["Experiments", dropped.experiments],
    ["Replicates", dropped.replicates],
    ["Average cosine distance of replicates", dropped.acd],
    ["Its p-value", dropped.p_value],
  ];
  return (
    <>
      <p class="kind">{dropped.what === "drug" ? "Drug" : "Cell line"}, not in the tensor</p>
      <h1 tabIndex="-1">{name}</h1>
      <p class="verdict">It was measured, and fell out before the tensor was made.</p>
      <dl class="facts">
        {numbers
          .filter(([, value]) => value !== "" && value != null)
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{typeof value === "number" ? Number(value.toPrecision(3)) : value}</dd>
            </div>
          ))}
      </dl>
      <p class="help">Numbers are those of the experiment that came nearest to being kept.</p>
    </>
  );
}
