// What the page of documentation can do beyond reading: its own address, search, copying, opening what a link names.
const operations = [...document.querySelectorAll('details.operation')];
const search = document.querySelector('.search');
const field = search.querySelector('input');
const groups = [...document.querySelectorAll('main .group:not(#errors)')];
const texts = new Map(operations.map((operation) => [operation, operation.textContent.toLowerCase()]));

for (const block of document.querySelectorAll('.intro pre')) {
  block.textContent = block.textContent.replace('http://127.0.0.1:7575', location.origin);
}

function showMatches() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const operation of operations) {
    operation.hidden = !words.every((word) => texts.get(operation).includes(word));
    const link = document.querySelector(`nav a[href="#${operation.id}"]`);
    link.parentElement.hidden = operation.hidden;
  }
  for (const group of groups) group.hidden = group.querySelector('details:not([hidden])') === null;
  document.querySelector('.none').hidden = groups.some((group) => !group.hidden);
}

function openNamed() {
  const named = document.getElementById(location.hash.slice(1));
  if (named?.tagName !== 'DETAILS') return;
  named.open = true;
  named.scrollIntoView();
}

search.hidden = false;
field.addEventListener('input', showMatches);
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === field) return;
  event.preventDefault();
  field.focus();
});

// a page that came over plain HTTP from another machine may not use the clipboard
if (navigator.clipboard !== undefined) {
  for (const button of document.querySelectorAll('.snippet button')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = 'Copied';
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 1500);
    });
  }
}

addEventListener('hashchange', openNamed);
openNamed();
