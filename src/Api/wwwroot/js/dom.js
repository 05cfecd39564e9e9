/** Makes an element; children may be texts, elements or nothing. Text is never read as markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter(c => c != null && c !== false));
  return element;
}

export const byId = id => document.getElementById(id);

/** Sets a text only when it changed, so that a screen reader and a selection are left alone. */
export function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}

/**
 * Makes a list's children match the items by key: what stays is moved and updated, not made again, so that focus stays where it is.
 * `make` returns an element with an `update(item)` method.
 */
export function list(parent, items, key, make, empty) {
  const known = new Map([...parent.children].filter(c => c.key !== undefined).map(c => [c.key, c]));
  const wanted = items.map(item => {
    const child = known.get(key(item)) ?? Object.assign(make(item), { key: key(item) });
    child.update(item);
    return child;
  });
  if (wanted.length === 0 && empty) wanted.push(parent.querySelector(':scope > .empty') ?? h(parent.tagName === 'TBODY' ? 'tr' : 'li', { class: 'empty' }, parent.tagName === 'TBODY' ? h('td', { colspan: 9 }, empty) : empty));
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((child, i) => { if (parent.children[i] !== child) parent.insertBefore(child, parent.children[i] ?? null); });
}
