// What theory says of rates on a quadratic, or near a minimum where the largest curvature is L.

/** @param {string} rule @param {number | null} L @param {number} momentum
 * @returns {{rate: number, text: string} | null} */
export function limitOf(rule, L, momentum) {
  if (!L || !(L > 0)) return null;
  if (rule === "SGD") return { rate: 2 / L, text: "2/L" };
  if (rule === "Momentum" || rule === "HeavyBall") return { rate: (2 + 2 * momentum) / L, text: "(2+2β)/L" };
  if (rule === "Nesterov" || rule === "SutskeverNesterov")
    return { rate: (2 + 2 * momentum) / ((1 + 2 * momentum) * L), text: "(2+2β)/((1+2β)L)" };
  return null;
}

/** After how many updates plain descent at 2/(L + mu) has brought the gap to a share. @param {number} L @param {number} mu @param {number} share */
export function bestOfPlain(L, mu, share) {
  const factor = ((L - mu) / (L + mu)) ** 2;
  return Math.ceil(Math.log(share) / Math.log(factor));
}
