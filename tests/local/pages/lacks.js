// What a page must have so that everybody can read it; each line is one thing that it lacks.
const lacks = [], all = (query) => [...document.querySelectorAll(query)];
const named = (e) => (e.getAttribute('aria-label') || e.textContent).trim() !== ''
  || (e.getAttribute('aria-labelledby') || '').split(' ').some((id) => document.getElementById(id)?.textContent.trim());
if (document.documentElement.lang !== 'en') lacks.push('a language');
if (!document.title.trim()) lacks.push('a title');
if (all('h1').length !== 1) lacks.push('one h1, it has ' + all('h1').length);
if (all('main').length !== 1) lacks.push('one main');
let level = 0;
for (const heading of all('h1,h2,h3,h4,h5,h6')) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) lacks.push('a level above ' + heading.outerHTML.slice(0, 80));
  level = next;
}
for (const e of all('a[href],button,summary')) if (!named(e)) lacks.push('a name of ' + e.outerHTML.slice(0, 80));
for (const e of all('input:not([type=hidden]),select,textarea'))
  if (!e.labels?.length && !named(e)) lacks.push('a label of ' + e.outerHTML.slice(0, 80));
for (const e of all('th')) if (!e.scope) lacks.push('a scope of ' + e.outerHTML.slice(0, 80));
for (const e of all('table')) if (!e.querySelector('thead th')) lacks.push('heads of a table');
for (const e of all('img:not([alt]),svg:not([aria-label])')) lacks.push('a text for ' + e.outerHTML.slice(0, 80));
for (const e of all('svg')) if (!e.getAttribute('role')) lacks.push('a role of ' + e.outerHTML.slice(0, 80));
for (const e of all('iframe')) if (!e.title) lacks.push('a title of an iframe');
for (const e of all('[role=region],section')) if (!named(e)) lacks.push('a name of ' + e.outerHTML.slice(0, 80));
const ids = all('[id]').map((e) => e.id);
for (const id of ids.filter((id, place) => ids.indexOf(id) !== place)) lacks.push('an id of its own beside ' + id);
return lacks;
