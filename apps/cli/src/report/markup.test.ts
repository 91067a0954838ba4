import assert from 'node:assert/strict';
import { test } from 'node:test';

import { markup, trusted } from './markup.js';

test('text is escaped, markup is not, lists are joined', () => {
  const evil = `"><script>alert('x')</script>&`;
  const items = ['a<b', 'c'].map((text) => markup`<li>${text}</li>`);
  assert.equal(
    markup`<p title="${evil}">${items}${null}${trusted('<br>')}${3}</p>`.markup,
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;"><li>a&lt;b</li><li>c</li><br>3</p>',
  );
});

test('characters that XML forbids do not get through', () => {
  assert.equal(markup`${'a\u0000b\ud800c'}`.markup, 'a\ufffdb\ufffdc');
});
