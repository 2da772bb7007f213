// What the words mean, and what else a run can be asked.

import { number, thousands } from "../parts.jsx";

export function ExpectedR({ dataset }) {
  return (
    <section aria-labelledby="trust">
      <h2 id="trust">What “expected r” means</h2>
      {dataset.hasExpectedR ? (
        <>
          <p>
            The correlation (Pearson’s r) to expect between a profile shown here and a fresh
            measurement of the same drug in the same cell: 1 would be a perfect repeat, 0 no likeness
            at all. For predicted profiles it was learnt from measured ones that were held out and
            predicted; for measured ones, from their replicates. The words mean the same for both.
          </p>
          <ul class="tiers">
            {dataset.tiers.map((tier, i) => (
              <li key={tier.name}>
                <b>{tier.name}</b>
                <span>
                  {tier.at_least > 0
                    ? `${tier.at_least} or more`
                    : `below ${dataset.tiers[i - 1]?.at_least ?? 1}`}
                </span>
                <small>{thousands(tier.profiles)} profiles</small>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>
          The correlation to expect between a profile shown here and a fresh measurement. In this run
          it is not known of any profile: its method was not cross-validated.
        </p>
      )}
      <p>
        Profiles are compared at length 1, since predictions are shorter, the less certain they are.
        Of a drug in a cell the expected change is shown: expected r times that. Of a gene, profiles
        are ordered by z: the expected change in standard deviations of a fresh measurement. Other
        scales can be chosen.
      </p>
    </section>
  );
}

export function Others({ dataset }) {
  if (!dataset.others.length) return null;
  return (
    <section aria-labelledby="others">
      <h2 id="others">More of this run, from the command line</h2>
      <ul class="others">
        {dataset.others.map(({ about, command }) => (
          <li key={command}>
            {about}: <code>{command}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How well held-out profiles were predicted, in words; nothing where none was held out. */
export function heldOut(r, profiles) {
  if (Number.isNaN(r) || r == null) return "not known: none of its profiles was held out";
  return `r ${number(r)}${profiles ? `, mean of ${thousands(profiles)}` : ""}`;
}
