// The structure of a drug, drawn from its SMILES.

import { useEffect, useRef, useState } from "preact/hooks";
import SmilesDrawer from "smiles-drawer";

const [WIDTH, HEIGHT] = [340, 230];

export function Structure({ drug }) {
  const svg = useRef(null);
  const [fault, setFault] = useState("");
  useEffect(() => {
    if (!drug.smiles) return;
    svg.current.replaceChildren();
    const failed = () => setFault("This structure cannot be drawn.");
    try {
      const drawer = new SmilesDrawer.SvgDrawer({ width: WIDTH, height: HEIGHT, padding: 16 });
      SmilesDrawer.parse(
        drug.smiles.split(" ")[0], // what follows a blank are remarks, as of ChemAxon
        (tree) => drawer.draw(tree, svg.current, "light"),
        failed,
      );
    } catch {
      failed();
    }
  }, [drug]);
  if (!drug.smiles) return <p class="structure none">No structure is known.</p>;
  return (
    <figure class="structure">
      {fault ? (
        <p>{fault}</p>
      ) : (
        <svg
          ref={svg}
          role="img"
          aria-label={`Structure of ${drug.name || drug.drug}`}
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        />
      )}
      <figcaption>
        <code>{drug.smiles}</code>
      </figcaption>
    </figure>
  );
}
