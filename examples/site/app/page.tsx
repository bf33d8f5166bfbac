// The catalogue.

import { AddButton } from "@/components/add-button";
import { Art } from "@/components/art";
import { CURRENCY, PRODUCTS } from "@/lib/catalogue";
import { money } from "@/lib/money";

export default function Catalogue() {
  return (
    <>
      <div className="opening">
        <h1>Three good things.</h1>
        <p>Made slowly, sent in paper, paid for once.</p>
      </div>
      <ul className="shelf">
        {PRODUCTS.map(({ price, name, line, amount }) => (
          <li key={price} className="tile">
            <Art of={price} />
            <div className="tile-words">
              <h2>{name}</h2>
              <p>{line}</p>
            </div>
            <div className="tile-foot">
              <span className="price">{money(amount, CURRENCY)}</span>
              <AddButton price={price} name={name} />
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
