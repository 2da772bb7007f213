// An address of nothing that there is.

import { addressOf } from "../searchbox.jsx";
import { Others } from "./explained.jsx";

export function NowhereView({ house, kind = "page", wanted }) {
  const alike = wanted ? house.names.alike(wanted) : [];
  return (
    <>
      <h1 tabIndex="-1">
        No {kind} is called “{wanted}”
      </h1>
      {alike.length > 0 && (
        <p>
          Did you mean{" "}
          {alike.map((one, i) => (
            <>
              {i > 0 && ", "}
              <a href={addressOf(one)}>{one.name}</a>
            </>
          ))}
          ?
        </p>
      )}
      <p>
        <a href="#/">To the first page</a>
      </p>
      {kind === "gene" && <Others dataset={house.dataset} />}
    </>
  );
}
