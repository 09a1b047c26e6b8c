"""The templates of more_cases.jsonl: what each room of the language does at its edges. make_cases.py asks Jinja2 about them.

EXPRESSIONS has an expression a line; TEMPLATES has templates, with what else their case needs. A case gets the names of
CONTEXT that it uses.
"""

CONTEXT = {
    "long": "The quick brown fox jumps over the lazy dog, and then it jumps over the other lazy dog as well, twice.",
    "lines": "a first line\na second line that is longer than the first\n\nthe fourth line, which ends the text here\nand more",
    "word": "x" * 100,
    "wide": "日本語のとても長い文字列 " * 8,
    "quotes": "it's \"quoted\"",
    "d": {"b": 2, "a": 1},
    "deep": {"name": "deep", "inner": {"list": list(range(30)), "text": "y" * 70}, "rows": [{"id": 1, "tags": ["a", "b"]}] * 4},
    "li": [3, 1, 2],
    "ls": ["b", "a", "C"],
    "rec": [{"name": "x", "age": 3}, {"name": "Y", "age": 1}, {"name": "z", "age": 2}],
    "s": "Hello World",
    "html": "<b>&'\"",
    "empty": "",
    "n": 7,
    "f": 2.5,
    "big": 2 ** 70,
    "huge": 1e308,
    "minus": -1,
    "z": None,
    "yes": True,
    "format": "%s-%s",
    "dup": {"name": "again"},
    "kw": {"width": 20},
    "args": [1, 10, 3],
    "numbers": {"1": "one"},
}

EXPRESSIONS = {
    "pprint": r"""
long|pprint
[long]|pprint
(long,)|pprint
(1, long)|pprint
{'key': long}|pprint
{'key': long, 'last': [long, long]}|pprint
{'k': {'deeper': [long, {'x': long}]}}|pprint
lines|pprint
[lines]|pprint
{'text': lines, 'n': 1}|pprint
[[[lines]]]|pprint
word|pprint
[word, word]|pprint
{'w': word}|pprint
(word ~ ' ' ~ word)|pprint
(long ~ '\n')|pprint
('\n' ~ long)|pprint
('  ' ~ long ~ '  ')|pprint
('a\tb ' * 30)|pprint
(quotes * 8)|pprint
wide|pprint
[wide]|pprint
deep|pprint
[deep, deep]|pprint
range(40)|list|pprint
range(400)|pprint
(range(40)|list, 1)|pprint
{'b': 1, 'a': 2}|pprint
{2: 1, 1: 2}|pprint
{2.5: 1, true: 2, 0: 3}|pprint
{'a': 3, 1: 2}|pprint
{'a': 3, none: 4, 1: 2}|pprint
{(1, 2): 1, 'a': 3, (1, 1): 2}|pprint
{'a': {'c': 1, 1: 2}, 1: word}|pprint
d.items()|pprint
d.keys()|pprint
(html|e)|pprint
[(html * 20)|e]|pprint
[none, true, 1.5, 'x']|pprint
[]|pprint
()|pprint
{}|pprint
(1,)|pprint
z|pprint
'x'.encode()|pprint
nope|pprint
""",
    "percent": r"""
'%s %s' % (1, 2)
'%s' % 'a'
'%(a)s and %(b)d' % d
'%(a)05d' % d
'%(a)s' % {'a': (1, 2)}
'%(a(b))s' % {'a(b)': 1}
'%(nope)s' % d
'%(a' % d
'%(a)s' % 5
'%(a)s' % li
'%(a)s' % (1,)
'%s %s' % 1
'%s' % (1, 2)
'%s %s' % (1, 2, 3)
'plain' % 5
'plain' % ()
'plain' % d
'plain' % li
'plain' % range(3)
'plain' % s.encode()
'plain' % d.keys()
'%(a)s' % range(3)
('plain'|safe) % range(3)
'%' % 5
'%5' % 5
'%y' % 5
'%é' % 5
'100%%' % ()
'%%%s' % 1
'%*d|' % (6, 42)
'%-*d|' % (6, 42)
'%*d|' % (-6, 42)
'%.*f' % (2, 3.14159)
'%.*f' % (-2, 3.14159)
'%*d' % ('x', 1)
'%*d' % (5,)
'%.f' % 2.5
'%.d' % 5
'%ld %hd %Lf' % (1, 2, 3.5)
'%.5d' % 42
'%+.5d' % 42
'%.5d' % -42
'%10.5d|' % 42
'%-10.5d|' % 42
'%#.5x' % 255
'%#10x|' % 255
'%#o %#X' % (8, 255)
'%x' % -255
'%d' % 3.99
'%d' % -3.99
'%d' % 1e20
'%d' % true
'%i %u' % (1, 2)
'%d' % 'x'
'%x' % 3.5
'%d' % big
'%x' % big
'%d' % z
'%c' % 65
'%c' % 'é'
'%5c|' % 'x'
'%-5c|' % 65
'%c' % 128512
'%c' % -1
'%c' % 1114112
'%c' % 'ab'
'%c' % 1.5
'%f' % 'x'
'%f' % z
'%e' % 12345.678
'%E' % 12345.678
'%g %G' % (1e-10, 1e-10)
'%#g' % 1.0
'%#.0f' % 1.0
'%F' % 1e400
'%f' % -1e400
'%5s|%-5s|' % ('a', 'b')
'%.2s' % 'abcdef'
'%8.2s|' % 'abcdef'
'%r' % 'a\'b'
'%a' % 'é'
'%a' % '日本'
'%a' % '😀'
'%r' % [1, 'x']
'%s' % none
'% d' % 5
'%+ d' % 5
'%05d' % -5
'%-05d|' % 5
'%010.3f' % -3.14159
'%s' % nope
'%d' % nope
'%f' % nope
('<%s>'|safe) % '<'
('<%s %s>'|safe) % ('<', '<'|safe)
('%d %s'|safe) % (1, '&')
('%r'|safe) % '<'
('%(a)s'|safe) % {'a': '<'}
('%.3s'|safe) % '<<<<<'
('%c'|safe) % '<'
('%c'|safe) % 65
('%x'|safe) % 255
('%d'|safe) % 5
('%a'|safe) % 'é<'
'%a' % [1, 'é']
'%s' % ('<'|e)
'%s %s'|format(1, 2)
'%(a)s'|format(a=1)
'%(a)s-%(b)s'|format(a=1, b='x')
'%s'|format(1, a=2)
'%s'|format
format|format('a', 'b')
('<%s>'|safe)|format('<')
5|format(1)
""",
    "str_format": r"""
'{} {}'.format(1, 2)
'{0} {1} {0}'.format(1, 2)
'{a} {b}'.format(a=1, b=2)
'{} {}'.format(1)
'{5}'.format(1)
'{nope}'.format(a=1)
'{} {0}'.format(1)
'{0} {}'.format(1)
'{{}} {{{}}}'.format(1)
'{'.format(1)
'}'.format(1)
'{}}'.format(1)
'{0'.format(1)
'{0!'.format(1)
'{0!}'.format(1)
'{0!x}'.format(1)
'{0!rx}'.format(1)
'{!r} {!s} {!a}'.format('a', 'b', 'c')
'{!a}'.format('é')
'{!a:>8}|'.format('日')
'{!r:>6}|'.format('a')
'{0[0]} {0[1]}'.format(li)
'{0[9]}'.format(li)
'{0[a]}'.format(d)
'{0[nope]}'.format(d)
'{0[]}'.format(d)
'{0[a}'.format(d)
'{0[a]x}'.format(d)
'{0[name]}'.format(rec[0])
'{0[1]}'.format(numbers)
'{0[x][0]}'.format({'x': [1]})
'{0[-1]}'.format(li)
'{0[0]}'.format('abc')
'{0.}'.format(li)
'{0.real}'.format(5)
'{0.imag}'.format(5)
'{0.numerator}'.format(5)
'{0.nope}'.format(5)
'{0.x}'.format(nope)
'{0.nope}'.format(d)
'{0.a}'.format(d)
'{a.real:>4}|'.format(a=5)
'{a[x]!r:>6}|'.format(a={'x': 'y'})
'{:{}}|'.format('a', 5)
'{:{w}.{p}f}|'.format(3.14159, w=8, p=2)
'{:{:{}}}'.format(1, 2, 3)
'{0:{1}}'.format('x', '>4')
'{:>{w}}'.format('x', w='z')
'{:}'.format(3)
'{a:}'.format(a='x')
'{a}{b}'.format(**d)
'{}{}'.format(*ls)
'{}'.format(nope)
'{:>5}'.format(z)
'{}'.format(z)
'{:>12}'.format(li)
'{}'.format(li)
'{}'.format(d)
'{a}'.format_map(d)
'{a:>4}{b}'.format_map(d)
'{nope}'.format_map(d)
'{}'.format_map(d)
'{0}'.format_map(d)
'{a}'.format_map(5)
('<{}>'|safe).format('<')
('<{}>'|safe).format('<'|safe)
('<{:>3}>'|safe).format('<')
('<{a}>'|safe).format(a='<')
('<{0[a]}>'|safe).format({'a': '&'})
('<{!r}>'|safe).format('<')
('{}'|safe).format(5)
('{:05.1f}'|safe).format(2.25)
['{:>5}'.format(('abcdef'|safe))]|string
['{:>9}'.format(('abcdef'|safe))]|string
['{}'.format(('abcdef'|safe))]|string
['{:5}'.format(('abcdef'|safe))]|string
['{:.9}'.format(('abcdef'|safe))]|string
['{:.5}'.format(('abcdef'|safe))]|string
['{:s}'.format(('abcdef'|safe))]|string
['{!s:>2}'.format(('abcdef'|safe))]|string
['x{:>2}'.format(('abcdef'|safe))]|string
['{:>2}x'.format(('abcdef'|safe))]|string
['{}{:>2}'.format('',('abcdef'|safe))]|string
['{:>2}{}'.format(('abcdef'|safe),'')]|string
['{0:>2}'.format(('abcdef'|safe))]|string
['{a:>2}'.format(a=('abcdef'|safe))]|string
['{:{}}'.format(('abcdef'|safe),2)]|string
['{:.0}{:>2}'.format('a',('abcdef'|safe))]|string
['{{{:>2}'.format(('abcdef'|safe))]|string
[('{:>2}'|safe).format(('abcdef'|safe))]|string
[('{}'|safe).format(('abcdef'|safe))]|string
[('{:>9}'|safe).format('<')]|string
[('{!s:>9}'|safe).format(('abcdef'|safe))]|string
[('{:>2}{}'|safe).format(5,('abcdef'|safe))]|string
['{:>2}{:.0}'.format(('abcdef'|safe),'a')]|string
['{:<}'.format(('abcdef'|safe))]|string
""",
    "format_spec": r"""
'{:,}'.format(1234567)
'{:_}'.format(1234567)
'{:_x}'.format(123456789)
'{:_b}'.format(1234)
'{:,x}'.format(255)
'{:,.2f}'.format(1234567.891)
'{:_.1f}'.format(1234567.891)
'{:,}'.format(-1234567)
'{:012,}'.format(1234567)
'{:013,}'.format(1234567)
'{:010,.1f}'.format(1234.5)
'{:,}'.format(big)
'{:,}'.format(12)
'{:,}'.format(123)
'{:,s}'.format('x')
'{:_c}'.format(65)
'{:c}'.format(65)
'{:c}'.format(128512)
'{:+c}'.format(65)
'{:c}'.format(-1)
'{:c}'.format(1114112)
'{:5c}|'.format(65)
'{:.2d}'.format(5)
'{:.2c}'.format(65)
'{:#x} {:#X} {:#o} {:#b}'.format(255, 255, 8, 5)
'{:#010x}'.format(255)
'{:+d} {: d}'.format(5, 5)
'{:=+6d}'.format(5)
'{:*=6d}'.format(-5)
'{:*^9}'.format('abc')
'{:é^9}'.format('abc')
'{:<5}|{:>5}|{:^5}|'.format('a', 'b', 'c')
'{:05}'.format('ab')
'{:=5}'.format('ab')
'{:+}'.format('ab')
'{: }'.format('ab')
'{:#}'.format('ab')
'{:.2}'.format('abc')
'{:5.2s}|'.format('abc')
'{:d}'.format('x')
'{:s}'.format(5)
'{:x}'.format(2.5)
'{:q}'.format(5)
'{:q}'.format(2.5)
'{:q}'.format('x')
'{:.}'.format(2.5)
'{:5.}'.format(2.5)
'{:>>5}'.format(5)
'{:5 }'.format(5)
'{:5xy}'.format(5)
'{:5s}'.format('x', 1)
'{:xx}'.format('a')
'{:f}'.format(5)
'{:e}'.format(5)
'{:%}'.format(0.256)
'{:.1%}'.format(0.256)
'{:%}'.format(1)
'{:g}'.format(1234567.0)
'{:g}'.format(0.00001234)
'{:G}'.format(1e-10)
'{:n}'.format(1234.5)
'{:n}'.format(1234567)
'{:E}'.format(1234.5)
'{:F}'.format(1234.5)
'{:.0f}'.format(2.5)
'{:#.0f}'.format(2.5)
'{:#g}'.format(2.5)
'{:.3}'.format(1234.5)
'{:.10}'.format(2.5)
'{:.5}'.format(2.0)
'{:.1}'.format(2.0)
'{:.1}'.format(20.0)
'{:.2}'.format(20.0)
'{:.2}'.format(25.0)
'{:.3}'.format(200.0)
'{:.4}'.format(200.0)
'{:.1}'.format(0.0)
'{:.2}'.format(0.0)
'{:.0}'.format(2.5)
'{:.17}'.format(0.1)
'{:.3}'.format(100000.0)
'{:.3}'.format(0.00001)
'{:10}|'.format(2.5)
'{:<10}|'.format(2.5)
'{:+.1f}'.format(2.25)
'{: .1f}'.format(2.25)
'{:010.2f}'.format(-2.5)
'{:,}'.format(1e15)
'{:,}'.format(1234.5)
'{:f} {:F} {:e} {:E}'.format((huge * 10), (huge * 10), -huge * 10, -huge * 10)
'{:%}'.format(huge * 10)
'{:g} {:G}'.format(huge * 10 - huge * 10, huge * 10 - huge * 10)
'{:010}|'.format(huge * 10)
'{:+,}|'.format(huge * 10)
'{} {:d} {:5}|'.format(true, true, true)
'{:.2}'.format(true)
'{:>6}|{:<6}|'.format(5, 5)
'{:^6}|'.format(5)
'{:5}'.format(d)
""",
    "urlize": r"""
'http://example.com'|urlize
'HTTP://EXAMPLE.COM'|urlize
'see http://example.com/a?b=c&d=e#f here'|urlize
'https://example.com:8080/x'|urlize
'https://example.com:/x'|urlize
'https://example.com:123456/x'|urlize
'www.example.com'|urlize
'www.example'|urlize
'example.com'|urlize
'sub.example.org/path'|urlize
'example.dev'|urlize
'example.dev/path'|urlize
'a.com'|urlize
'my-site.info'|urlize
'my_site.mil:80'|urlize
'x.y.com'|urlize
'foo..com'|urlize
'example.com.'|urlize
'example.community'|urlize
'http://127.0.0.1/x'|urlize
'http://127.0.0.1:80'|urlize
'http://127.0.0'|urlize
'http://1234.0.0.1'|urlize
'http://1.2.3.4x'|urlize
'http://[::1]/x'|urlize
'http://[::1]:80'|urlize
'http://[2001:db8::8a2e:370:7334]/'|urlize
'http://[::g]/'|urlize
'http://[:]/'|urlize
'http://[::1'|urlize
'http://localhost'|urlize
'http://localhost/x'|urlize
'http://xn--fiqs8s'|urlize
'http://example.xn--p1ai/x'|urlize
'http://example.x'|urlize
'http://example.c0m'|urlize
'http://exämple.com'|urlize
'http://a_b%20c.com'|urlize
'http://'|urlize
'ftp://example.com'|urlize
'(http://example.com)'|urlize
'(http://example.com/a_(b))'|urlize
'<http://example.com>'|urlize
'http://example.com/(x).'|urlize
'http://example.com/(x)),'|urlize
'((http://example.com/x)'|urlize
'http://example.com/a<b>'|urlize
'http://example.com, and www.example.org.'|urlize
'foo@example.com'|urlize
'mailto:foo@example.com'|urlize
'mailto:foo'|urlize
'foo@example'|urlize
'foo@example.c-om'|urlize
'foo@exa-mple.com'|urlize
'foo@exa mple.com'|urlize
'foo@-example.com'|urlize
'foo@example.'|urlize
'foo@example.com.'|urlize
'foo@exa!mple.com'|urlize
'foo@bar@example.com'|urlize
'@example.com'|urlize
'a:b@example.com'|urlize
'www.foo@example.com'|urlize
'foo@example.com/x'|urlize
'tel:+123'|urlize
'tel:+123'|urlize(extra_schemes=['tel:'])
'tel:'|urlize(extra_schemes=['tel:'])
'git+ssh://host/x and ftp://y'|urlize(extra_schemes=['git+ssh://', 'ftp://'])
'x'|urlize(extra_schemes=['te l:'])
'x'|urlize(extra_schemes=['tel'])
'x'|urlize(extra_schemes=['t:'])
'x'|urlize(extra_schemes=['tel:///'])
'x'|urlize(extra_schemes=['tel:/'])
'x'|urlize(extra_schemes=['té.l+a-b:'])
'tel:123'|urlize(extra_schemes=('tel:',))
'tel:123456'|urlize(5, extra_schemes=['tel:'])
'http://example.com/long'|urlize(10)
'http://example.com/long'|urlize(100)
'http://example.com/long'|urlize(0)
'http://example.com/long'|urlize(-1)
'http://example.com/long'|urlize(-99)
'http://example.com/long'|urlize(none)
'http://example.com/long'|urlize('x')
'foo@example.com'|urlize(5)
'http://example.com'|urlize(nofollow=true)
'http://example.com'|urlize(rel='me')
'http://example.com'|urlize(rel='noopener  me a')
'http://example.com'|urlize(rel='"<')
'http://example.com'|urlize(rel='a b c', nofollow=true)
'http://example.com'|urlize(rel='')
'http://example.com'|urlize(target='_blank')
'http://example.com'|urlize(target='"')
'http://example.com'|urlize(target='')
'foo@example.com'|urlize(target='_blank')
'a\n  http://example.com\t\n b'|urlize
'"http://example.com"'|urlize
'&lt;http://example.com&gt;'|urlize
('&lt;http://example.com&gt;'|safe)|urlize
('<b>http://example.com</b>'|safe)|urlize
''|urlize
5|urlize
none|urlize
nope|urlize
""",
    "calls": r"""
dict(*[[['a', 1]]])
dict(**d)
dict(b=5, **{'c': 1})
dict(b=5, **d)
dict(**li)
dict(**{1: 2})
range(*args)|list
range(*args, **{})|list
range(*5)
range(1, *[5])|list
s.center(**kw)
s.center(20, **{'fillchar': '*'})
s.replace(*['l', 'L'])
s.split(sep='o', maxsplit=1)
s.split('o', sep='x')
s.split(nope='x')
s.upper(1)
s.upper(x=1)
s.replace('a')
s.split(1, 2, 3)
s.center()
s.center(1, '*', 3)
s.zfill(1, 2)
s.zfill()
s.startswith(prefix='x')
s.expandtabs(tabsize=2)
s.splitlines(keepends=true)
s.rsplit(sep='o', maxsplit=1)
d.get(key='a')
d.pop('a', default=1)
li.index(value=1)
li.append(object=1)
s.encode(encoding='utf-8')|length
s()
s.nope()
nope()
nope.x()
(5)()
none()
li()
d()
range()
range(1, 2, 3, 4)
range(1.5)
range('x')
range(0, 1, 0)
range(stop=5)
range(true)|list
range(5, 0, -2)|list
range(0)|list
range(3).start
range(1, 9, 2).stop
range(1, 9, 2).step
range(1, 9).nope
range(1, 9, 2)[1]
range(1, 9, 2)[-1]
range(1, 9, 2)[9]
range(1, 9, 2)[1:3]|list
range(1, 9, 2)|string
range(1, 9)|string
range(3) == range(3)
range(0) == range(1, 1)
range(0, 3, 2) == range(0, 4, 2)
range(0, 3, 2) == range(0, 5, 2)
range(3) == [0, 1, 2]
range(1, 2) == range(1, 2, 5)
range(1, 9) == range(2, 9)
3 in range(5)
7 in range(5)
'x' in range(5)
2.0 in range(5)
range(5)|length
range(5)|last
range(5)|first
range(big, big + 2)|list
range(big, big + 20, 5)|list
range(big, big + 9)|length
dict([['a', 1], ['b', 2]])
dict([('a', 1)], b=2)
dict(d)
dict([1])
dict(['ab'])
dict(['abc'])
dict([[1]])
dict([[[], 1]])
dict(5)
dict(d, d)
dict(nope)
dict([['a', 1], ['a', 2]])
dict(range(3)|batch(2))
dict(d.items())
namespace(a=1).a
namespace(d).b
namespace(d, c=3).c
namespace(5)
namespace().nope
namespace(a=1)['a']
cycler('a', 'b').next()
cycler('a', 'b').current
cycler('a', 'b').nope
cycler().next()
cycler('a').reset()
joiner()()
joiner('; ')()
joiner(1, 2)
namespace()()
s|default('x')('y')
n is divisibleby(7)(1)
s|upper|lower()
'{}{}{}{}{}{}{}{}{}{}'.format(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
(li|sort).pop()
(li|list).append(1)
(rec|first).pop('age')
(rec|first).popitem()
(d|items|list).pop()
(li|batch(2)|list)[0].pop()
(1, 2, [3])[2].append(4)
{(): 1}[()]
{'a': {}}.a.update(b=1)
range is callable
s.upper is callable
5 is callable
""",
    "text_of_things": r"""
namespace(a=1, b='x')|string
namespace()|string
'ab\n\'"\\\x00'.encode()|string
'é\t\r'.encode()|string
'it\'s'.encode()|string
'"it\'s"'.encode()|string
''.encode()|string
''.encode()|length
'ab'.encode()|list
'ab'.encode()[0]
'ab'.encode()[-1]
'ab'.encode()[2] is undefined
'ab'.encode()['x'] is undefined
'ab'.encode() == 'ab'.encode()
'ab'.encode() == 'abc'.encode()
'ab'.encode() == 'ab'
'é'.encode().decode()
'é'.encode('utf-8').decode('utf-8')
'é'.encode().hex()
('ab'.encode()) and 1
(''.encode()) or 1
'é'.encode()|urlencode
{'a': 'é /'.encode()}|urlencode
(255).to_bytes(1, 'big').decode()
(258).to_bytes(2, 'big').hex()
(258).to_bytes(2, 'little').hex()
(258).to_bytes(4, byteorder='little').hex()
(258).to_bytes(1, 'big')
(5).to_bytes(-1, 'big')
(5).to_bytes(1, 'x')
(-1).to_bytes(1, 'big')
(0).to_bytes(1, 'big').hex()
(0).to_bytes(0, 'big').hex()
(5).to_bytes().hex()
big.to_bytes(9, 'big').hex()
big.to_bytes(8, 'big').hex()
(2 ** 63).to_bytes(8, 'little').hex()
(5).to_bytes(12, 'big').hex()
d.keys()|string
d.values()|string
d.items()|string
d.keys() == d.keys()
d.keys() == {'a': 1, 'c': 1}.keys()
d.keys() == {'a': 1}.keys()
d.keys() == d.items()
d.keys() == {'a': 0, 'b': 0}.keys()
d.items() == d.items()
d.items() == {'a': 1, 'b': 3}.items()
d.values() == d.values()
d.keys() and 1
{}.keys() or 1
{}.items()|length
('a', 1) in d.items()
('a', 2) in d.items()
'a' in d.items()
1 in d.values()
'a' in d.keys()
[] in d.keys()
d.keys()[0]
d.keys() + 1
d.values()|sum
d.items()|list
d.items()|first
d.keys()|sort
(1, [2], {'a': (3,)}, none, 1.0, true)|string
'a\x7f\x80\u200b\U000e0001\n\t\r\\'|string|pprint
['\x00\x1f\x7f\xa0\xad', '\u200b', '\U0001f600', '\U000e0001']|string
['a\'b', 'a"b', 'a\'"b']|string
['<b>'|safe]|string
[nope]|string
{'a': nope}|string
[html|e, 1]|string
s is sameas s
li + ['x']
li * 2
2 * li
li * -1
li * big
'' * big
'ab' * -big
[] * big
li * 1.5
(1, 2) + (3,)
(1, 2) + [3]
[1] + 'x'
'x' + 1
1 + 'x'
1 + none
-s
+s
-z
+true
-true
li - li
li / 2
li // 2
li ** 2
2 ** 'x'
'x' % z
d + d
d * 2
1 < 'x'
'x' <= 1
li < [3, 2]
li < [3, 1]
li <= li
[1, 'a'] < [1, 2]
(1, 2) < (1, 2, 3)
(1, 2) < [1, 3]
none < 1
d < d
nope < 1
1 > nope
'a' < 'b' < 'c'
'é' > 'z'
1 == true
1.0 == 1
(1,) == [1]
none == none
nope == nope
nope == 1
1 in 5
1 in none
1 in nope
nope in 'abc'
1 in 'abc'
'' in 'abc'
[1] in {'a': 1}
nope in d
nope in [1, nope]
x ~ 1
1 ~ none ~ li
('<'|safe) ~ '<'
('<'|safe) + '<'
'<' + ('<'|safe)
('<'|safe) * 3
3 * ('<'|safe)
""",
    "methods": r"""
d.copy()
d.copy() == d
d.get('a')
d.get('x')
d.get('x', 5)
d.get([])
d.pop('a')
d.pop('x')
d.pop('x', 5)
d.pop([])
{}.popitem()
{'a': 1}.popitem()
d.setdefault('x', 1)
d.setdefault('a', 9)
d.setdefault('x')
d.setdefault([])
d.update({'c': 1})
d.update([['c', 1]], e=2)
d.update(d, d)
d.update(5)
d.update([[1]])
d.clear()
d.fromkeys(['x', 'y'])
d.fromkeys('ab', 0)
d.fromkeys(5)
d.fromkeys([[]])
d.fromkeys([])
d.nope
d.nope()
(5).bit_length()
(0).bit_length()
(-8).bit_length()
(255).bit_count()
(0).bit_count()
(-7).bit_count()
true.bit_length()
big.bit_length()
big.bit_count()
(-big).bit_length()
(5).conjugate()
true.conjugate()
(2.5).conjugate()
(5).as_integer_ratio()
(2.5).as_integer_ratio()
(-0.1).as_integer_ratio()
(1e300).as_integer_ratio()[1]
(1e-5).as_integer_ratio()
(5e-324).as_integer_ratio()[0]
(0.0).as_integer_ratio()
(huge * 10).as_integer_ratio()
(huge * 10 - huge * 10).as_integer_ratio()
(2.0).is_integer()
(2.5).is_integer()
(huge * 10).is_integer()
(5).is_integer()
(2.5).hex()
(0.1).hex()
(-0.0).hex()
(0.0).hex()
(1.0).hex()
(5e-324).hex()
(1e-310).hex()
(huge * 10).hex()
(-huge * 10).hex()
(huge * 10 - huge * 10).hex()
(5).hex()
(5).real
(5).imag
(5).numerator
(5).denominator
true.real
true.denominator
(2.5).real
(2.5).imag
(2.5).numerator
big.real
big.numerator
(5).nope
li.append(1)
li.append()
li.copy()
li.count(1)
li.count('x')
li.count(1.0)
li.index(1)
li.index(9)
li.index(2, 1)
li.index(2, 1, 2)
li.index(2, -1)
li.index(3, -9, -1)
li.index(2, 'x')
li.pop()
li.pop(0)
li.pop(-1)
li.pop(9)
li.pop(-9)
li.pop('x')
[].pop()
li.insert(0, 9)
li.insert('x', 9)
li.remove(1)
li.remove(9)
li.reverse()
li.sort()
li.sort(reverse=true)
li.sort(key=none)
li.sort(key=5)
li.sort(1)
[1, 'a'].sort()
li.extend([1])
li.extend(5)
li.clear()
(1, 2).count(1)
(1, 2).index(2)
(1, 2).index(5)
(1, 2).append(3)
(1, 2).pop()
""",
    "methods_text": r"""
'Straße'.casefold()
'ǅ ΑΣ Σ ΟΔΟΣ'.lower()
'ΑΣ. Σ'.lower()
'ΑΣ\u0301 Β'.lower()
'ΑΣ\u0301Β'.lower()
'.Σ'.lower()
'\u0301Σ'.lower()
'Σ'.lower()
'ΟΔΟΣ ΑΣ'.title()
'ΟΔΟΣ'.capitalize()
'ΑΣ'.swapcase()
'ßx ŉ'.upper()
'ßx ǆ'.title()
'ǆa'.capitalize()
'they\'re x2y'.title()
'İ'.lower()
'ﬁ'.upper()
'ﬁ'.title()
'abc'.isascii()
'é'.isascii()
''.isascii()
'١٢'.isdecimal()
'²'.isdecimal()
'²'.isdigit()
'½'.isnumeric()
'½'.isalnum()
'a b'.isprintable()
'\n'.isprintable()
''.isprintable()
'_a1'.isidentifier()
'1a'.isidentifier()
'é'.isidentifier()
'a·'.isidentifier()
'a-b'.isidentifier()
''.isidentifier()
'ǅ'.isupper()
'ǅ'.istitle()
'Ǆ'.isupper()
'Ab Cd'.istitle()
'AB'.istitle()
'ab'.istitle()
'1'.istitle()
' \x1c\u2003'.isspace()
'xxaxx'.strip('x')
'xyaxy'.strip('yx')
'éaé'.strip('é')
s.strip(5)
s.strip(none)
'日本'.ljust(4, '語')
'x'.center(4)
'x'.center(5)
'xx'.center(5)
'xx'.center(5, '*')
'x'.rjust(3, 'ab')
'x'.rjust(3, 5)
'x'.ljust(-5)
'x'.ljust('5')
'x'.ljust(true)
'-5'.zfill(4)
'+5'.zfill(4)
'é'.zfill(3)
'abc'.zfill(2)
'a\tb\tc'.expandtabs()
'a\tb'.expandtabs(2)
'a\tb'.expandtabs(0)
'a\tb'.expandtabs(-1)
'é\tb\n\tc'.expandtabs(4)
s.find('o', 5)
s.find('o', -4)
s.find('o', 5, 6)
s.find('o', none, 6)
s.find('', 99)
s.find('', 11)
s.find('o', 8, 2)
s.find(5)
s.find(nope)
s.find('o', 'x')
s.rfind('o')
s.rfind('o', 0, 5)
s.rfind('')
s.rfind('q')
s.index('q')
s.rindex('q')
s.rindex('l')
s.index('W', 2)
'日本語日'.find('日', 1)
'日本語日'.rfind('日')
s.count('l')
s.count('l', 4)
s.count('')
s.count('', 99)
s.count('l', 9, 2)
s.count(5)
'aaaa'.count('aa')
s.startswith('He')
s.startswith(('x', 'He'))
s.startswith(('x', 5))
s.startswith((5, 'He'))
s.startswith(['He'])
s.startswith(5)
s.startswith('World', 6)
s.startswith('', 99)
s.startswith('', 11)
s.startswith(())
s.endswith('ld')
s.endswith('Hello', 0, 5)
s.endswith(('x', 'ld'))
s.endswith(5)
s.endswith((5,))
s.removeprefix('Hello ')
s.removeprefix('x')
s.removeprefix(5)
s.removesuffix('World')
s.removesuffix('')
s.removesuffix('x')
s.removesuffix(z)
s.replace('l', 'L', 2)
s.replace('l', 'L', 0)
s.replace('l', 'L', -1)
s.replace('', '-')
s.replace('', '-', 3)
'日本'.replace('', '-')
s.replace(5, 'x')
s.replace('x', 5)
s.replace('l', 'L', 'x')
'a  b c '.split()
'a  b c '.split(' ')
'a  b c '.split(none, 1)
' a  b c '.rsplit(none, 1)
' a é\u2003b  '.rsplit()
' a é\u2003b  '.rsplit(none, 1)
'a,b,c'.rsplit(',')
'a,b,c'.rsplit(',', 1)
'a,b,c'.rsplit(',', 0)
'a--b--c'.rsplit('--', 1)
'a,b,c'.split(',', 1)
'a,b,c'.split(',', 0)
'a,b,c'.split(',', -5)
''.split()
''.split(',')
''.rsplit(',')
'abc'.split('')
'abc'.rsplit('')
'abc'.split(5)
'abc'.split(nope)
'abc'.split(',', 'x')
'a\nb\r\nc\rd\x0be\x0cf\x1cg\x85h\u2028i\n'.splitlines()
'a\nb\r\nc'.splitlines(true)
'a\n\nb'.splitlines(keepends=true)
''.splitlines()
'a\r'.splitlines(true)
'a=b=c'.partition('=')
'a=b=c'.rpartition('=')
'abc'.partition('=')
'abc'.rpartition('=')
'abc'.partition('')
'abc'.rpartition('')
'abc'.partition(5)
','.join(ls)
','.join('abc')
','.join([1])
','.join(d)
','.join([])
','.join(5)
','.join(['a', none])
','.join([nope])
','.join(range(2))
('<'|safe).join(['<', 'b'|safe])
('<'|safe).join([1, '&'])
('<b>x</b> &amp; y'|safe).striptags()
('&lt;&#39;&eacute;'|safe).unescape()
('a<'|safe).replace('a', '<')
('a,b'|safe).split(',')
('a b'|safe).rsplit()
('a<b'|safe).partition('<')
('a&lt;b'|safe).partition('<')
('a&lt;b&lt;c'|safe).rpartition('<')
('x'|safe).center(5, '<')
('lt;x'|safe).lstrip('<')
('x&lt;b>y</b>'|safe).striptags()
'x'.striptags()
('x'|safe).nope
('ab'|safe).upper() ~ '<'
('a'|safe).center(5, '*')
('a'|safe).ljust(3)
('Ab'|safe).swapcase()
('a\tb'|safe).expandtabs(2)
('a\nb'|safe).splitlines()
('<a>'|safe).strip('<>')
('<a>'|safe)[1:2]
('<a>'|safe)[0]
('<a>'|safe).zfill(5)
('<a>'|safe)|length
('a'|safe) == 'a'
('a'|safe) in ['a']
""",
    "values": r"""
d|attr('a')
(d|attr('keys'))()|list
li|attr('nope')
s|attr('nope') is defined
(5)|attr('real')
rec[0]|attr('name') is undefined
nope|attr('x')
'5'|int
' 5 '|int
'x'|int
'x'|int(7)
'5.9'|int
'-5.9'|int
'1e3'|int
'1e400'|int
'nan'|int
'inf'|int(3)
'0x1f'|int(0, 16)
'0X1F'|int(0, 16)
'0x_1f'|int(0, 16)
'1f'|int(0, 16)
'-0x1f'|int(0, 16)
'0x1f'|int
'0x1f'|int(0, 0)
'0b11'|int(0, 2)
'0b11'|int(0, 0)
'0o17'|int(0, 8)
'0o17'|int(0, 0)
'017'|int(0, 0)
'000'|int(0, 0)
'0_0'|int(0, 0)
'0'|int(0, 0)
'12'|int(0, 0)
'1_000'|int
'1__0'|int
'_1'|int
'1_'|int
'z'|int(0, 36)
'z'|int(0, 37)
'5'|int(0, 1)
'5'|int(0, -1)
'5'|int(9, 3)
'--5'|int
'+-5'|int
'+5'|int
'-'|int
''|int
'0x'|int(0, 16)
'0x-1'|int(0, 16)
'١٢'|int
'١٢.٥'|float
'\u20035\u2003'|int
'é5'|int
(huge * 10)|int
(-huge * 10)|int
(huge * 10 - huge * 10)|int
(2.9)|int
(-2.9)|int
(1e20)|int
big|int
true|int
none|int
none|int(4)
li|int
nope|int
'5'|int(nope)
'2.5'|float
' 2.5 '|float
'x'|float
'x'|float(1.5)
'1_0.5'|float
'1__0.5'|float
'1e400'|float|string
'-inf'|float|string
' Infinity'|float|string
'infinit'|float
'nan'|float|string
'1e'|float
'.5'|float
'5.'|float
'.'|float
'+.5e-3'|float
'0x10'|float
big|float
(10 ** 400)|float
none|float
none|float(2)
nope|float
true|float
2.5|round
3.5|round
-2.5|round
2.675|round(2)
1234.5|round(-2)
1250|round(-2)
1350|round(-2)
-1250|round(-2)
15|round(-1)
25|round(-1)
5|round(-1)
5|round(-5)
5|round(2)
big|round(-3)
big|round(-30)
true|round
1e300|round(2)
1e308|round(-308)
1.7e308|round(-308)
5e-324|round(400)
1e-320|round(3)
-1e-320|round(3)
-0.0|round(2)
-0.4|round(-1)
(minus * 0.4)|round(-2)
2.5|round(500)
2.5|round(-500)
-2.5|round(-500)
(huge * 10)|round|string
(huge * 10 - huge * 10)|round|string
2.1|round(0, 'ceil')
2.19|round(1, 'floor')
-2.1|round(method='floor')
(huge * 10)|round(0, 'ceil')
(huge * 10 - huge * 10)|round(0, 'floor')
2.5|round(0, 'x')
5|round(0, 'ceil')
1234|round(-2, 'ceil')
'x'|round
'x'|round(0, 'ceil')
none|round(0, 'floor')
nope|round
2.5|round('x')
'x'|abs
none|abs
(-5)|abs
(-2.5)|abs
(-big)|abs
true|abs
nope|abs
{'a': (huge * 10)}|tojson
[(huge * 10), -huge * 10]|tojson
'😀\u2028<&>\'é\x01\x7f\\"/'|tojson
{1: 2, 'a': 3}|tojson
{2: 1, 10: 2}|tojson
{true: 1}|tojson
{none: 1}|tojson
{1.5: 1}|tojson
{(1, 2): 3}|tojson
[]|tojson(2)
{}|tojson(2)
{'a': [1, {'b': []}]}|tojson(2)
[1, 2]|tojson('--')
[1, 2]|tojson(0)
[1, 2]|tojson(-1)
[1, 2]|tojson('')
[1, 2]|tojson(none)
[1, 2]|tojson(true)
(1, 2)|tojson
big|tojson
range(3)|tojson
nope|tojson
[nope]|tojson
'x'.encode()|tojson
(html|e)|tojson
d.items()|tojson
0|filesizeformat
1|filesizeformat
1.0|filesizeformat
0.5|filesizeformat
-18446744073709551616|filesizeformat
(-0.5)|filesizeformat
-1e300|filesizeformat
999|filesizeformat
1000|filesizeformat
1e30|filesizeformat
1e24|filesizeformat
1024|filesizeformat(true)
1e30|filesizeformat(true)
-5|filesizeformat
-5000|filesizeformat
'5000'|filesizeformat
'x'|filesizeformat
none|filesizeformat
li|filesizeformat
nope|filesizeformat
nope|default
nope|default(none)
''|default('x', true)
''|default('x')
0|default(5, boolean=true)
nope.x|default('y')
nope|default(li)
""",
    "filters_text": r"""
'  x '|trim
'xxaxx'|trim('x')
5|trim
'x'|trim(5)
none|trim
'a\nb\n\nc'|indent
'a\nb\n\nc'|indent(2, true)
'a\nb\n\nc'|indent(2, blank=true)
'a\nb'|indent('> ')
'a\nb'|indent('> ', true)
'a\nb'|indent(0)
'a\nb'|indent(-3)
'a\nb'|indent(true)
'a\nb'|indent(1.5)
'\na'|indent
'a\n'|indent
'a\r\nb'|indent
''|indent
5|indent
nope|indent
('a\nb'|safe)|indent('<')
'a b'|replace('a', 'b')
'aaa'|replace('a', 'b', 2)
'a'|replace('', '-')
5|replace(5, 6)
'a'|replace('a', nope)
('a<'|safe)|replace('a', '<')
'a<'|replace('a', '<'|safe)
long|truncate(20)
long|truncate(20, true)
long|truncate(20, false, '…')
long|truncate(20, false, '...', 0)
long|truncate(20, leeway=99)
long|truncate(2)
long|truncate(3)
long|truncate(-5)
long|truncate(20, false, '...', -1)
word|truncate(20)
word|truncate(98)
5|truncate
none|truncate(2)
li|truncate(4)
li|truncate(1, leeway=0)
d|truncate(1, leeway=0)
'ab cd ef'|truncate(5, leeway=0)
'é'|title
'-a (b[c{d<e\xa0f'|title
nope|truncate
('<b>' * 200)|safe|truncate(10)
(html * 99)|e|truncate(10)
s|wordwrap(5)
s|wordwrap(5, false)
long|wordwrap(20)
long|wordwrap(20, true, '|')
word|wordwrap(30)
word|wordwrap(30, false)
(word ~ ' ' ~ long)|wordwrap(30, false)
'a-b-c well-known half-ready-made'|wordwrap(8)
'a-b-c well-known half-ready-made'|wordwrap(8, break_on_hyphens=false)
'x--y well--known a---b--'|wordwrap(5)
'foo-bar-1 a1-b2 -x --option=x'|wordwrap(6)
'hello-world-again-and-again'|wordwrap(7)
'hello-world-again-and-again'|wordwrap(7, false)
'don\'t-stop "quoted-text" (in-brackets)'|wordwrap(6)
'ab-é-cd éé-éé'|wordwrap(4)
'a-b'|wordwrap(1)
'aa-bb cc'|wordwrap(2)
'-- --- ----'|wordwrap(2)
'one\ntwo  three\n\n  four'|wordwrap(5)
'tab\there and\x0bthere'|wordwrap(6)
'   leading space and trailing   '|wordwrap(7)
s|wordwrap(0)
s|wordwrap(-1)
s|wordwrap('x')
''|wordwrap
5|wordwrap
'日本語 日本語'|wordwrap(3)
'a b c'|wordcount
'don\'t stop_it é-é'|wordcount
nope|wordcount
5|wordcount
s|center(21)
s|center
s|center('x')
5|center(5)
'hello wORLD foo-bar (x) [y] {z} <w> a_b'|title
'they\'re'|title
'ß ǆ'|title
5|title
'foo'|capitalize
'FOO bar'|capitalize
none|capitalize
'é'|upper
5|lower
nope|upper
'<p>Hello <b>x</b>\n  &amp; &eacute; &nope; &#65; &#x41; <!-- c --> y</p>'|striptags
'a < b > c <d'|striptags
'<!-- a > b --> c'|striptags
'a <!-- b -- > c --> d <!-- e'|striptags
'<b<i>x</b>>'|striptags
'<!-<!-- -->- x'|striptags
'&#0; &#128; &#x80; &#xD800; &#1114112; &#99999999999; &#x; &#; &#1; &#13; &#xb;'|striptags
'&lt &amp &ampx &notit; &not &copy2 &NotEqualTilde; &fjlig;'|striptags
'&#150; &#x9f; &#129; &#xFDD0; &#xFFFF; &#x1FFFE;'|striptags
'& &; &a &é; &abcdefghijklmnopqrstuvwxyzabcdefghijklmnop;'|striptags
5|striptags
html|e
5|e
none|e
html|e|e
html|e|forceescape
(html|safe)|e
li|e
[html]|e
'a b/c?d=é&~-._'|urlencode
{'a b': 'c/d', 'é': 1}|urlencode
[('a', 1), ('b', 'x y')]|urlencode
[['a', '/']]|urlencode
[('a', 1, 2)]|urlencode
['ab', 'cd']|urlencode
['abc']|urlencode
[1]|urlencode
5|urlencode
none|urlencode
''|urlencode
[]|urlencode
{'a': none, 'b': true}|urlencode
nope|urlencode
{'class': 'a', 'id': none, 'x': 5, 'y': html}|xmlattr
{'a': nope, 'b': 1}|xmlattr
{'a': 1}|xmlattr(false)
{}|xmlattr
{'a b': 1}|xmlattr
{'a"': 1}|xmlattr
{1: 2}|xmlattr
li|xmlattr
nope|xmlattr
'abc'|reverse
'日本'|reverse
li|reverse|list
5|reverse
nope|reverse
d|reverse|list
range(3)|reverse|list
'a'|string
5|string
nope|string
(html|e)|string
""",
    "filters_list": r"""
li|sort
li|sort(true)
ls|sort
ls|sort(case_sensitive=true)
[1, 'a']|sort
[none, 1]|sort
rec|sort(attribute='age')|map(attribute='name')|list
rec|sort(attribute='name')|map(attribute='name')|list
rec|sort(attribute='name,age')|map(attribute='name')|list
rec|sort(attribute='nope')|list|length
[[1, 2], [0, 5]]|sort(attribute=1)
[[1, 2], [0, 5]]|sort(attribute='0')
5|sort
d|dictsort
d|dictsort(true)
d|dictsort(by='value')
d|dictsort(false, 'value', true)
d|dictsort(by='x')
{'b': 1, 'A': 2}|dictsort
{'b': 1, 'A': 2}|dictsort(true)
{1: 2, 'a': 1}|dictsort
li|dictsort
nope|dictsort
ls|unique|list
['a', 'A', 'b']|unique|list
['a', 'A', 'b']|unique(true)|list
[1, 1.0, true]|unique|list
[[1], [1]]|unique|list
rec|unique(attribute='name')|map(attribute='name')|list
5|unique|list
li|min
li|max
ls|min
ls|max
ls|min(case_sensitive=true)
[]|min
[]|max is defined
rec|max(attribute='age')
[1, 'a']|max
5|min
rec|groupby('name')|list
rec|groupby('name')|map('first')|list
rec|groupby('name', case_sensitive=true)|map(attribute='grouper')|list
rec|groupby('nope', default='x')|map(attribute='list')|map('length')|list
(rec|groupby('age'))[0].list
rec|groupby('age')|string
[{'a': {'b': 1}}, {'a': {'b': 0}}]|groupby('a.b')|map(attribute=0)|list
5|groupby('x')
li|join(',')
li|join
rec|join(',', attribute='name')
rec|join(',', 'nope')
[1, '<'|safe, '<']|join
[1, '<']|join('&'|safe)
5|join
nope|join
li|first
[]|first is undefined
''|first is undefined
d|first
5|first
li|last
[]|last is undefined
d|last
s|last
(li|map('string'))|last
5|last
nope|last
li|length
5|length
none|length
nope|length
d|count
li|sum
li|sum(start=10)
rec|sum(attribute='age')
rec|sum('age', 5)
[[1], [2]]|sum(start=[])
['a']|sum
['a']|sum(start='')
[]|sum(start='x')
[1.5, 2]|sum
[none]|sum
[nope]|sum
5|sum
li|batch(2)|list
li|batch(2, 0)|list
li|batch(0)|list
li|batch(-1)|list
[]|batch(2)|list
li|slice(2)|list
li|slice(2, 'x')|list
li|slice(5)|list
li|slice(5, 0)|list
li|slice(0)|list
li|slice(-1)|list
li|slice('x')|list
5|slice(2)|list
d|items|list
nope|items|list
li|items|list
none|items|list
'ab'|list
5|list
none|list
nope|list
d|list
d|map('upper')|list
li|map('nope')|list
li|map('string')|map('length')|list
li|map
li|map|list
ls|map('replace', 'a', 'x')|list
rec|map(attribute='nope')|list
rec|map(attribute='nope', default='x')|list
rec|map(attribute='age', x=1)|list
rec|map(attribute='age', default=0, x=1)|list
rec|map('attr', 'name')|list
[[1, [2]]]|map(attribute='1.0')|list
[[1, [2]]]|map(attribute=0)|list
5|map('upper')|list
li|select|list
li|select('nope')|list
li|select('gt', 1)|list
li|select('divisibleby', 2)|list
li|reject('odd')|list
li|reject|list
5|select|list
rec|selectattr('age')|map(attribute='name')|list
rec|selectattr('age', 'gt', 1)|map(attribute='name')|list
rec|selectattr
rec|selectattr|list
rec|rejectattr('age', 'eq', 1)|map(attribute='name')|list
rec|rejectattr('nope')|list|length
rec|selectattr('age', 'nope')|list
rec|selectattr('age.nope')|list
[1, 2, 3, 4]|random in [1, 2, 3, 4]
[]|random is undefined
5|random
""",
    "tests": r"""
4 is divisibleby 2
4 is divisibleby(0)
4 is divisibleby('x')
'upper' is filter
'nope' is filter
'd' is filter
'defined' is test
'nope' is test
5 is in [5]
5 is in 5
'a' is in 'abc'
d is mapping
li is sequence
s is sequence
5 is sequence
d is iterable
5 is iterable
d.items() is iterable
nope is iterable
nope is sequence
s is lower
'ABC' is upper
5 is lower
5 is odd
5.0 is odd
'x' is odd
nope is odd
none is even
true is boolean
1 is boolean
1 is true
true is true
false is false
1 is integer
true is integer
true is number
1.0 is float
1.0 is integer
'x' is number
none is none
nope is none
nope is undefined
nope.x is undefined
li is sameas li
d is sameas {'a': 1}
[1] is sameas [1]
true is sameas true
1 is sameas true
1 is sameas 1.0
none is sameas none
(html|e) is escaped
html is escaped
5 is escaped
1 is eq 1
1 is equalto 2
1 is == 1
1 is ne 2
1 is != 2
1 is < 2
1 is lessthan 2
1 is gt 2
1 is greaterthan 0
1 is ge 1
1 is le 0
1 is gt 'x'
1 is nope
s is not string
s is string and n is number
s is string
5 is not none and true
n is divisibleby n
5 is eq 5 is true
""",
    "items": r"""
li[0]
li[-1]
li[9] is undefined
li[9]
li['x'] is undefined
li[1.5] is undefined
li[true]
li[none] is undefined
li[nope]
li[big] is undefined
li[1:]
li[:-1]
li[::2]
li[::-1]
li[2:0:-1]
li[-9:9]
li[9:]
li[::0]
li['x':]
li[1.5:]
li[none:none]
li[true:]
li[big:]
li[:-big]
li[::big]
li[::-big]
s[1:3]
s[::-1]
s[::2]
s[-3:]
'日本語'[1]
'日本語'[::-1]
'日本語'[1:]
'日本語'[9:]
s[99] is undefined
s['x'] is undefined
s[::0]
(1, 2, 3)[1:]
(1, 2, 3)[::-1]
range(10)[2:8:3]|list
range(10)[::-3]|list
range(10)[99] is undefined
d['a']
d['nope'] is undefined
d[0] is undefined
d[[]] is undefined
d[1:]
5[0] is undefined
5[1:]
none[0]
z[0] is undefined
z.x is undefined
z[1:]
nope[0]
nope[1:]
li.0
rec.0.name
rec[0]['name']
d.a
d.keys is defined
{1: 2}[1]
{1: 2}[1.0]
{1: 2}[true]
{1: 2}['1'] is undefined
{1.5: 2}[1.5]
{none: 2}[none]
{(1, 2): 3}[(1, 2)]
{(1, 2): 3}[1, 2]
{true: 'a', 1: 'b'}|string
{1: 'a', 1.0: 'b'}|string
{[]: 1}
{nope: 1}|string
{'a': 1, 'a': 2}
{big: 1}[big]
{2 ** 53: 1}[2.0 ** 53]
""",
    "numbers": r"""
7 // 2
-7 // 2
7 // -2
7 % -2
-7 % 2
7.5 // 2
-7.5 // 2
7.5 % -2
-0.0 // 5
0.0 % -5
5 % (huge * 10)
(-5 % (huge * 10))|string
5 // (huge * 10)
-5 // (huge * 10)
((huge * 10) // 5)|string
((huge * 10) % 5)|string
1 / 0
1 // 0
1 % 0
1.0 / 0
1.0 // 0
1.0 % 0
0 ** 0
0 ** -1
0.0 ** -1
2 ** -1
2 ** -2
(-2) ** 3
(-2) ** -1
big ** -1
(2 ** 1100) ** -1
0.5 * 2 ** 1100
2 ** 1100 - 0.5
2.0 % 2 ** 1100
2 ** 1100 > 1.5
2.0 ** 1024
2 ** 1024 * 1.0
(2 ** 1024) / 2
(2 ** 1024) / (2 ** 1023)
(2 ** 2000) / (2 ** 1990)
(2 ** 2000) / (3 ** 900)
1 / (2 ** 1100)
1 / (2 ** 1073)
3 / (2 ** 1075)
-1 / (2 ** 1100)
(2 ** 1030) / 5
(2 ** 1090) / (7 ** 5)
9007199254740993 / 1
9007199254740993 / 3
-9007199254740995 / 2
(2 ** 53 + 1) / (2 ** 54 + 2)
0 / big
0 / -big
-big / 7
7 / -big
-7 / -big
(2 ** 70) / -(2 ** 69)
minus > -1e19
minus < 1e19
-big > -1e30
big > -1e30
(10 ** 40) / 3
(10 ** 300) / 7
(10 ** 310) / (7 * 10 ** 5)
(2 ** 54 + 1) / 2
(2 ** 54 + 3) / 2
(2 ** 80 + 2 ** 27) / (2 ** 26)
(2 ** 80 + 2 ** 26 + 1) / (2 ** 26)
(2 ** 1100) / 3
(2 ** 1023) * 1.0
1.5 + 2 ** 1100
(huge * 10)|string
huge * 10 - huge * 10 == huge * 10 - huge * 10
(huge * 10) > big
-huge * 10 < -big
(huge * 10 - huge * 10) < big
(huge * 10 - huge * 10) == big
big == 2.0 ** 70
big == 2.0 ** 70 + 2.0 ** 20
big < 2.0 ** 71
big > 2.0 ** 69
-big < -2.0 ** 69
-big > -2.0 ** 69
-big == big
-big < big
big > -big
big < big + 1
-big < -big + 1
big < big * 10
-big * 10 < -big
9007199254740993 == 9007199254740992.0
9007199254740993 > 9007199254740992.0
2 ** 63 > 9.2e18
2 ** 63 == 9223372036854775808.0
-(2 ** 63)
-(2 ** 63) - 1
2 ** 63 - 1
9223372036854775807 + 1
-9223372036854775807 - 2
9223372036854775807 * 2
-9223372036854775808 // -1
9223372036854775808 // 3
big // 3
big % 3
-big // 3
-big % 3
big // -3
big % -3
3 // big
3 % big
-3 // big
-3 % big
big // big
big % big
(10 ** 40) // (10 ** 20 + 1)
(10 ** 40) % (10 ** 20 + 1)
(10 ** 50 - 1) // (10 ** 25 - 1)
(10 ** 45 + 10 ** 9) // (10 ** 27 - 1)
(10 ** 36 - 1) // (10 ** 27 - 10 ** 18)
(10 ** 54 - 1) // (10 ** 36 - 1)
(999999999 * 10 ** 27) // (10 ** 27 - 1)
(10 ** 27) * (10 ** 9 - 1) // (10 ** 18 * (10 ** 9 - 1) + 10 ** 18 - 1)
(10 ** 90 // 7) // (10 ** 45 // 3)
(10 ** 90 // 7) % (10 ** 45 // 3)
(4 * 10 ** 26) // (5 * 10 ** 17 + 10 ** 9 - 1)
(10 ** 27 - 10 ** 18) * 10 ** 9 // (10 ** 27 - 1)
big - big
big - 1 - big
big + -big
-big - big
big * 0
big * -1
big * big
(-big) * (-big)
big ** 3
(-big) ** 3
minus ** big
minus ** (big + 1)
1 ** big
0 ** big
-(-big)
+big
big|string
big + 0.5
big * 1.5
big / 3
big // 2.5
big % 2.5
0.1 + 0.2
1e16
1e15
123456789012345680.0
1e-4
1e-5
1.0
100.0
1e22
1e23
5e-324
1.7976931348623157e308
-0.0
1_000.5
0x1F
0o17
0b101
1e5
1E-3
true + true
true * 2.5
true // 2
-true
""",
}

TEMPLATES = {
    "macros": [
        "{% macro f(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ f(1, 2, 3) }}",
        "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, x=2) }}",
        "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(*[1]) }}{{ f(**{'a': 2}) }}",
        "{% macro f(a) %}{{ a }}{{ kwargs }}{% endmacro %}{{ f(1, a=2) }}",
        "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, a=2) }}",
        "{% macro f(a, b) %}[{{ a }}{{ b }}]{% endmacro %}{{ f() }}{{ f(b=1) }}",
        "{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, x=3, **{'y': 4}) }}",
        "{% macro f() %}{{ caller() }}{% endmacro %}{{ f() }}",
        "{% macro f() %}{{ caller() }}{% endmacro %}{{ f(caller=none) }}",
        "{% macro f() %}{{ caller }}{% endmacro %}{{ f(caller=5) }}",
        "{% macro f() %}x{% endmacro %}{{ f(caller=5) }}",
        "{% macro f() %}x{% endmacro %}{% call f() %}y{% endcall %}",
        "{% macro f() %}{{ caller(1, 2) }}{% endmacro %}{% call(a, b=5) f() %}{{ a }}{{ b }}{% endcall %}",
        "{% macro f() %}{{ caller(1) }}{% endmacro %}{% call f() %}x{% endcall %}",
        "{% macro f() %}{{ caller() }}{% endmacro %}{% call(x) f() %}[{{ x }}]{% endcall %}",
        "{% macro f(caller) %}{{ caller() }}{% endmacro %}{{ f(5) }}",
        "{% macro f(caller=none) %}{{ caller }}{% endmacro %}{{ f() }}{{ f(caller=5) }}{% call f() %}x{% endcall %}",
        "{% macro f(kwargs, varargs) %}{{ kwargs }}{{ varargs }}{% endmacro %}{{ f(1, 2) }}{{ f(varargs=1) }}",
        "{% call 5 %}x{% endcall %}",
        "{% call s %}x{% endcall %}",
        "{% macro f(a, a) %}x{% endmacro %}",
        "{% macro f(a=1, b) %}x{% endmacro %}",
        "{% macro f(a) %}{{ a }}{% endmacro %}{{ f.name }} {{ f.arguments }} {{ f.catch_kwargs }} {{ f.catch_varargs }} {{ f.caller }}",
        "{% macro f() %}{{ varargs }}{{ kwargs }}{{ caller }}{% endmacro %}{{ f.catch_kwargs }} {{ f.catch_varargs }} {{ f.caller }} {{ f.nope }}",
        "{% macro f() %}x{% endmacro %}{{ f|string }}",
        "{% macro f() %}x{% endmacro %}{{ [f] }}",
        "{% macro f() %}x{% endmacro %}{{ f is callable }}{{ f == f }}{{ f and 1 }}",
        "{% macro f() %}x{% endmacro %}{{ f + 1 }}",
        "{% macro f(x) %}{{ caller(x) if caller else x }}{% endmacro %}{{ f(1) }}{% call(y) f(2) %}<{{ y }}>{% endcall %}",
        "{% macro f(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ f(1) }}{{ f(1, 2) }}",
        "{% macro f(n) %}{{ n }}{% if n %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}",
        "{{ f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) }}{% macro f() %}{{ varargs|length }}{% endmacro %}",
        "{% macro f() %}{{ varargs|length }}{% endmacro %}{{ f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) }}",
        {"template": "{% macro f(x) %}<{{ x }}>{% endmacro %}{{ f('<') }}{{ f('<'|safe) }}{{ f(f('&')) }}", "options": {"autoescape": True}},
    ],
    "loops": [
        "{% for x in li %}{{ loop }} {% endfor %}",
        "{% for x in li recursive %}{{ loop }} {% endfor %}",
        "{% for x in li %}{{ loop(x) }}{% endfor %}",
        "{% for x in [[1, [2]], 3] recursive %}({{ loop(x) if x is iterable else x }}){% endfor %}",
        "{% for x in [[1]] recursive %}{{ loop(x, 1) if x is iterable else x }}{% endfor %}",
        "{% for x in [[1]] recursive %}{{ loop() if x is iterable else x }}{% endfor %}",
        "{% for x in [[1]] recursive %}{{ loop(5) if x is iterable else x }}{% endfor %}",
        "{% for x in li %}{{ loop.depth }}{{ loop.depth0 }}{{ loop.nope }}{% endfor %}",
        "{% for x in li %}{{ loop.previtem }}-{{ loop.nextitem }} {% endfor %}",
        "{% for x in li %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}",
        "{% for x in li|map('string') %}{{ loop.length }}{{ loop.last }}{{ loop.revindex }}{{ loop.revindex0 }} {% endfor %}",
        "{% for x in li|map('string') %}{{ loop.nextitem }}{{ loop|length }} {% endfor %}",
        "{% for x in li %}{{ loop|length }}{{ loop is iterable }}{% endfor %}",
        "{% for x in li %}{{ loop.cycle() }}{% endfor %}",
        "{% for x in li %}{{ loop.cycle(*ls) }}{% endfor %}",
        "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{{ loop.changed(x, 1) }}{% endfor %}",
        "{% for x in [1, 1, 2] %}{{ loop.changed(x) }}{% endfor %}",
        "{% for x in [1, 1, 2] %}{{ loop.changed() }}{% endfor %}",
        "{% for a, b in [[1, 2], [3]] %}{{ a }}{% endfor %}",
        "{% for a, b in [[1, 2], [3, 4, 5]] %}{{ a }}{% endfor %}",
        "{% for a, b in [1] %}{{ a }}{% endfor %}",
        "{% for a, b in ['xy'] %}{{ b }}{{ a }}{% endfor %}",
        "{% for a, (b, c) in [[1, [2, 3]]] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
        "{% for a, b in d.items() %}{{ a }}{{ b }}{% endfor %}",
        "{% for a in 5 %}{{ a }}{% endfor %}",
        "{% for a in none %}{{ a }}{% endfor %}",
        "{% for a in nope %}{{ a }}{% else %}none{% endfor %}",
        "{% for a in 'xy'.encode() %}{{ a }} {% endfor %}",
        "{% for a in cycler(1, 2) %}{{ a }}{% endfor %}",
        "{% for a in range(3) if a %}{{ loop.index }}{{ a }}{{ loop.length }}{% else %}x{% endfor %}",
        "{% for a in range(3) if a > 5 %}{{ a }}{% else %}x{% endfor %}",
        "{% set j = joiner('; ') %}{% for a in li %}{{ j() }}{{ a }}{% endfor %}",
        "{% set j = joiner() %}{{ j() }}{{ j() }}{{ j() }}",
        "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ c.current }}",
        "{% set it = li|map('string') %}{{ it|first }}{{ it|list }}{{ it|list }}",
        "{% set v = d.keys() %}{% set _ = d.update({'z': 1}) %}{{ v|list }}",
        "{% for x in li %}{% set n = 5 %}{{ n }}{% endfor %}{{ n }}",
        "{% for x in li %}{{ loop.index }}{% if loop.first %}{% for y in ls %}{{ loop.index }}{{ y }}{% endfor %}{% endif %}{% endfor %}",
        "{% for x in li recursive %}{% for y in ls %}{{ loop.depth }}{% endfor %}{% endfor %}",
        {"template": "{% for x in li %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}", "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% for x in li %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% for x in li %}{% for y in li %}{% if y == x %}{% continue %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
         "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% for x in li %}{% set t %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endset %}{{ t }}{% endfor %}",
         "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% for x in li %}{% filter upper %}a{% if x == 1 %}{% continue %}{% endif %}b{% endfilter %}{% endfor %}",
         "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% for x in li %}{% autoescape true %}{% if x == 1 %}{% continue %}{% endif %}{{ '<' }}{% endautoescape %}{{ '<' }}{% endfor %}",
         "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% for x in li %}{% with y = x %}{% if y == 1 %}{% break %}{% endif %}{{ y }}{% endwith %}{% endfor %}",
         "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% break %}", "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% continue %}", "options": {"extensions": ["loopcontrols"]}},
        {"template": "{% do li.append(9) %}{{ li }}{% do d.update(x=1) %}{{ d.x }}", "options": {"extensions": ["do"]}},
    ],
    "changes": [
        "{% set _ = deep.inner.list.append('x') %}{{ deep.inner.list|length }}",
        "{% set _ = rec[0].update(new=1) %}{{ rec[0].new }}{{ rec|length }}",
        "{% set _ = d.pop('a') %}{{ d }}",
        "{% set _ = d.popitem() %}{{ d }}",
        "{% set _ = d.clear() %}{{ d }}{{ d|length }}",
        "{% set _ = d.setdefault('c', []).append(1) %}{{ d }}",
        "{% set _ = d.update([('x', 1), ('a', 5)]) %}{{ d }}",
        "{% set _ = d.update(d) %}{{ d }}",
        "{% set _ = li.extend(li) %}{{ li }}",
        "{% set _ = li.insert(1, 'x') %}{% set _ = li.insert(-1, 'y') %}{% set _ = li.insert(99, 'z') %}{% set _ = li.insert(-99, 'a') %}{{ li }}",
        "{% set _ = li.sort() %}{{ li }}{% set _ = li.reverse() %}{{ li }}{% set _ = li.remove(2) %}{{ li }}{% set _ = li.clear() %}{{ li }}",
        "{% set _ = li.sort(reverse=true) %}{{ li }}",
        "{% set _ = ls.sort() %}{{ ls }}",
        "{% set c = li.copy() %}{% set _ = c.append(4) %}{{ li }}{{ c }}",
        "{% set c = d.copy() %}{% set _ = c.update(x=4) %}{{ d }}{{ c }}",
        "{% set c = dict(d) %}{% set _ = c.pop('a') %}{{ d }}{{ c }}",
        "{% set l = [[1], {'k': [2]}] %}{% set _ = l[0].append(2) %}{% set _ = l[1].k.append(3) %}{% set _ = l[-1].update(z=1) %}{{ l }}",
        "{% set m = {'a': {'b': []}} %}{% set _ = m.a.b.append(1) %}{% set _ = m['a']['b'].append(2) %}{{ m }}",
        "{% set m = {} %}{% for i in range(40) %}{% set _ = m.update({i: i}) %}{% endfor %}{{ m|length }}{{ m[39] }}{% set _ = m.pop(0) %}{{ m[39] }}{{ 0 in m }}",
        "{% set m = {} %}{% for i in range(40) %}{% set _ = m.update({'k%d' % i: i}) %}{% endfor %}{% for i in range(39) %}{% set _ = m.pop('k%d' % i) %}{% endfor %}{{ m }}",
        "{% set m = {'a': 1} %}{% set k = m.items() %}{% set _ = m.update(b=2) %}{{ k|list }}{{ m.items()|length }}{{ m.values()|sum }}",
        "{% set m = {(1, 'x'): 1} %}{% set _ = m.update({(1, 'x'): 2, none: 3, 1.5: 4}) %}{{ m }}",
        "{% set ns = namespace(l=[]) %}{% set _ = ns.l.append(1) %}{% set ns.l = ns.l + [2] %}{{ ns.l }}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.x = 1 %}{{ ns.x }}{{ ns.y is defined }}{{ ns }}",
        "{% set _ = (rec|first).update(x=1) %}{{ rec[0].x }}{{ rec[0]|length }}",
        "{% set _ = (rec|last).pop('age') %}{{ rec[2] }}",
        "{% set _ = (rec|sort(attribute='age'))[0].update(x=1) %}{{ rec[1] }}",
        "{% set _ = (rec|selectattr('age', 'eq', 2)|first).update(x=1) %}{{ rec[2] }}",
        "{% set _ = (rec|reverse|first).update(x=1) %}{{ rec[2] }}",
        "{% set _ = (rec|list)[1].update(x=1) %}{{ rec[1] }}",
        "{% for v in deep.values() if v is mapping %}{% set _ = v.update(x=1) %}{% endfor %}{{ deep.inner.x }}",
        "{% set m = {'a': []} %}{% for k, v in m|items %}{% set _ = v.append(k) %}{% endfor %}{{ m }}",
        "{% macro f() %}{{ caller.name }}{{ caller.arguments }}{% endmacro %}{% call(x) f() %}{% endcall %}",
        "{% set _ = (li|sort).append(9) %}{{ li }}",
        "{% set _ = (li|default([])).append(9) %}{{ li }}",
        "{% for r in rec %}{% set _ = r.update(i=loop.index) %}{% endfor %}{{ rec }}",
        "{% for k, v in deep.items() %}{% set _ = v.append(1) if v is sequence and v is not string and v is not mapping %}{% endfor %}{{ deep.rows|length }}",
        "{% set a = rec %}{% set _ = a[0].pop('age') %}{{ rec[0] }}{{ a[0] }}",
        "{% set x.y = 1 %}",
        "{% set d.y = 1 %}",
        "{% set ns = 5 %}{% set ns.x = 1 %}",
        "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
        "{% set a, b = [1] %}{{ a }}",
        "{% set a, b = 'xyz' %}{{ a }}",
        "{% set a, b = 5 %}{{ a }}",
        "{% set l = [1] %}{% set _ = l.append(l|length) %}{% set _ = l.pop(0) %}{{ l }}{{ l|tojson }}",
        "{% set m = {'l': [1, {'x': 1}]} %}{% set _ = m.l.append(2) %}{{ m|tojson }}{{ m|pprint }}{{ m == {'l': [1, {'x': 1}, 2]} }}",
        "{% set l = [3, 1] %}{% set _ = l.append(2) %}{{ l|sort }}{{ l[1:] }}{{ l[-1] }}{{ l + [1] }}{{ l * 2 }}{{ 2 in l }}{{ l == [3, 1, 2] }}{{ l < [4] }}",
        "{% set m = {'a': 1} %}{% set _ = m.update(b=2) %}{{ m|dictsort }}{{ m|xmlattr }}{{ m|urlencode }}{{ m|items|list }}{{ m|length }}{{ 'b' in m }}",
        "{% set l = [] %}{% set _ = l.append(1) %}{{ {l: 1} }}",
        "{% set l = ['a'] %}{% set _ = l.append('b') %}{{ l|join(',') }}{{ ','.join(l) }}{{ '%s' % l }}{{ '{}'.format(l) }}{{ l|first }}{{ l|last }}{{ l|random in l }}",
    ],
    "inheritance": [
        {"template": "{% extends 'base' %}{% block a %}[{{ super() }}]{% endblock %}", "templates": {"base": "<{% block a %}base{% endblock %}>"}},
        {"template": "{% extends 'base' %}{% block a %}{{ super.super() }}{{ super.super.super is undefined }}{{ super.x is undefined }}{% endblock %}",
         "templates": {"base": "{% extends 'root' %}{% block a %}base{{ super() }}{% endblock %}", "root": "<{% block a %}root{% endblock %}>"}},
        {"template": "{% extends 'base' %}{% block b %}{{ super() }}{% endblock %}", "templates": {"base": "<{% block a %}base{% endblock %}>"}},
        {"template": "{% extends 'base' %}{% block a %}{{ super() }}{% endblock %}", "templates": {"base": "{% block a %}{{ super() }}{% endblock %}"}},
        {"template": "{% extends 'base' %}{% extends 'base' %}", "templates": {"base": "x"}},
        {"template": "{% extends nope %}", "templates": {}},
        {"template": "{% extends 'nope' %}", "templates": {}},
        {"template": "{% extends 5 %}", "templates": {}},
        {"template": "{% extends ['base'] %}", "templates": {"base": "x"}},
        {"template": "{% extends ('base',) %}", "templates": {"base": "x"}},
        {"template": "{% include [nope, nope] %}"},
        {"template": "{% include [nope] ignore missing %}x"},
        {"template": "{% include [5, 'inc'] %}", "templates": {"inc": "x"}},
        {"template": "{% if yes %}{% extends 'base' %}{% endif %}a{% block a %}b{% endblock %}", "templates": {"base": "<{% block a %}{% endblock %}>"}},
        {"template": "{% block a %}x{% endblock %}{% block a %}y{% endblock %}"},
        {"template": "{% block a %}x{% endblock b %}"},
        {"template": "{% block a %}{{ n }}{% endblock %}{{ self.a() }}{{ self.a()|length }}"},
        {"template": "{% for n in li %}{% block a scoped %}{{ loop.index }}{{ n }}{% endblock %}{% endfor %}"},
        {"template": "{% if yes %}{% extends 'base' %}{% endif %}{% for x in li recursive %}{{ x }}{% endfor %}{{ n }}", "templates": {"base": "base"}},
        {"template": "{% if z %}{% extends 'base' %}{% endif %}{% for x in li recursive %}{{ x }}{% endfor %}{{ n }}", "templates": {"base": "base"}},
        {"template": "{% import 'lib' as l %}{{ l.a }}{{ l.i }}{{ l.k() }}",
         "templates": {"lib": "".join("{%% set %s = '%s' %%}" % (c, c) for c in "abcdefghij") + "{% macro k() %}{{ a }}{{ j }}{% endmacro %}"}},
        {"template": "".join("{%% block %s %%}%s{%% endblock %%}" % (c, c) for c in "abcdefghij") + "{{ self.j() }}"},
        {"template": "{{ self.nope() }}"},
        {"template": "{{ self.nope }}{% block a %}x{% endblock %}"},
        {"template": "{% for n in li %}{% block a scoped %}{{ n }}{% endblock %}{% endfor %}"},
        {"template": "{% for i in li %}{% block a %}{{ i }}{% endblock %}{% endfor %}"},
        {"template": "{% extends 'base' %}", "templates": {"base": "{% block a required %}{% endblock %}"}},
        {"template": "{% extends 'base' %}{% block a %}x{% endblock %}", "templates": {"base": "{% block a required %}{% endblock %}"}},
        {"template": "{% block a required %}x{% endblock %}"},
        {"template": "{% for i in li %}{% extends 'base' %}{% endfor %}", "templates": {"base": "x"}},
        {"template": "{% macro f() %}{% extends 'base' %}{% endmacro %}", "templates": {"base": "x"}},
        {"template": "{% include 'inc' %}", "templates": {"inc": "{{ n }}"}},
        {"template": "{% include 'nope' ignore missing %}x"},
        {"template": "{% include ['nope', 'inc'] %}", "templates": {"inc": "{{ n }}"}},
        {"template": "{% include ['nope', 'nope2'] %}"},
        {"template": "{% include ['nope', 'nope2'] ignore missing %}x"},
        {"template": "{% include [] %}"},
        {"template": "{% include [] ignore missing %}x"},
        {"template": "{% include nope %}"},
        {"template": "{% include nope ignore missing %}"},
        {"template": "{% include [nope, 'inc'] %}", "templates": {"inc": "x"}},
        {"template": "{% include 5 %}"},
        {"template": "{% include 'inc' without context %}", "templates": {"inc": "[{{ n }}]"}},
        {"template": "{% set n = 9 %}{% include 'inc' with context %}", "templates": {"inc": "[{{ n }}]"}},
        {"template": "{% include 'inc' %}", "templates": {"inc": "{% if %}"}},
        {"template": "{% import 'lib' as l %}{{ l.f(1) }}{{ l.x }}{{ l.nope }}", "templates": {"lib": "{% macro f(a) %}{{ a }}{% endmacro %}{% set x = 5 %}"}},
        {"template": "{% import 'lib' as l %}{{ l }}|{{ l|string }}|{{ [l] }}|{{ l ~ 'x' }}|{{ l|e }}|{{ l and 1 }}", "templates": {"lib": "text<"}},
        {"template": "{% import 'lib' as l %}{{ l.nope() }}", "templates": {"lib": "x"}},
        {"template": "{% import 'lib' as l %}{{ l._x }}", "templates": {"lib": "{% set _x = 5 %}"}},
        {"template": "{% from 'lib' import f, x as y %}{{ f(1) }}{{ y }}", "templates": {"lib": "{% macro f(a) %}{{ a }}{% endmacro %}{% set x = 5 %}"}},
        {"template": "{% from 'lib' import nope %}{{ nope }}", "templates": {"lib": "x"}},
        {"template": "{% from 'lib' import nope %}{{ nope() }}", "templates": {"lib": "x"}},
        {"template": "{% from 'lib' import _x %}", "templates": {"lib": "x"}},
        {"template": "{% from 'lib' import x, %}{{ x }}", "templates": {"lib": "{% set x = 1 %}"}},
        {"template": "{% from 'lib' import x with context %}{{ x }}", "templates": {"lib": "{% set x = n %}"}},
        {"template": "{% from 'lib' import x without context %}[{{ x }}]", "templates": {"lib": "{% set x = n %}"}},
        {"template": "{% from 'lib' import x y %}", "templates": {"lib": "x"}},
        {"template": "{% from 'lib' import %}x", "templates": {"lib": "x"}},
        {"template": "{% from 'nope' import x %}"},
        {"template": "{% import 'nope' as x %}"},
        {"template": "{% import 'lib' %}", "templates": {"lib": "x"}},
        {"template": "{% import 'lib' as l with context %}{{ l.x }}", "templates": {"lib": "{% set x = n %}"}},
        {"template": "{% from 'lib' import f %}{{ f() }}", "templates": {"lib": "{% macro f() %}{{ g() }}{% endmacro %}{% macro g() %}{{ y }}{% endmacro %}{% set y = 3 %}"}},
    ],
    "syntax": [
        "{{ 'a", "{{ a b }}", "{{ }}", "{{ 1 + }}", "{{ (1 }}", "{{ [1 }}", "{{ {1: } }}", "{{ ] }}", "{{ (} }}", "{{ 1 ! 2 }}",
        "{{ a.1b }}", "{{ a. }}", "{{ a| }}", "{{ a|nope }}", "{{ a is }}", "{{ a is nope }}", "{{ f(a=1, 2) }}", "{{ f(**a, b) }}",
        "{{ f(*a, b=1) }}", "{{ f(*a, *b) }}", "{{ f(**a, **b) }}", "{{ f(a=1, a=2) }}", "{{ f(a.b=1) }}", "{{ 1 = 2 }}", "{{ a := 1 }}",
        "{{ not }}", "{{ a[ }}", "{{ a[1:2:3:4] }}", "{{ a[] }}", "{{ a[1, 2:3] }}", "{{ a if }}", "{{ a if b else }}", "{{ $ }}", "{{ 'a\nb' }}",
        "{% if %}x{% endif %}", "{% if a %}x", "{% elif a %}", "{% else %}", "{% endfor %}", "{% for %}{% endfor %}", "{% for a %}{% endfor %}",
        "{% for a in %}{% endfor %}", "{% for 1 in a %}{% endfor %}", "{% for a.b in c %}{% endfor %}", "{% for a in b recursive x %}{% endfor %}",
        "{% set %}", "{% set a %}", "{% set 1 = 2 %}", "{% set a = %}", "{% set [a] = 1 %}", "{% set none = 1 %}", "{% set a.b.c = 1 %}", "{% set f() = 1 %}",
        "{% set {'a': 1} = 1 %}", "{% set a + b = 1 %}", "{% set 'x' = 1 %}", "{% set () = 1 %}", "{% set (a, b) = 1, 2 %}{{ a }}", "{% set a[0] = 1 %}", "{% for loop in li %}{% endfor %}",
        "{% for x, loop in li %}{% endfor %}", "{% for x in li %}{% set loop = 1 %}{% endfor %}", "{% for x in li %}{% set a, (b, loop) = 1 %}{% endfor %}", "{% set loop = 1 %}{{ loop }}",
        "{% for x in li %}{% for y in li %}{% endfor %}\n{% set loop %}{% endset %}{% endfor %}", "{% for x in [] %}{% else %}{% set loop = 1 %}{% endfor %}",
        "{% for x in li %}{% with loop = x %}{{ loop }}{% endwith %}{% endfor %}", "{% for x in li %}{% macro loop() %}{% endmacro %}{% endfor %}", "{% for true in li %}{% endfor %}", "{% macro %}{% endmacro %}", "{% macro f %}{% endmacro %}", "{% macro f( %}{% endmacro %}", "{% macro f(1) %}{% endmacro %}",
        "{% macro f(a b) %}{% endmacro %}", "{% macro true() %}{% endmacro %}", "{% call %}{% endcall %}", "{% call f %}{% endcall %}", "{% call(a f() %}{% endcall %}",
        "{% filter %}{% endfilter %}", "{% filter nope %}{% endfilter %}", "{% filter upper|lower %}Ab{% endfilter %}", "{% with %}x{% endwith %}", "{% with a %}{% endwith %}",
        "{% with a = 1, b = 2 %}{{ a }}{{ b }}{% endwith %}", "{% with a = 1 b = 2 %}{% endwith %}", "{% with a = 1, %}{{ a }}{% endwith %}", "{% block %}{% endblock %}",
        "{% block 1 %}{% endblock %}", "{% block a-b %}{% endblock %}", "{% block a b %}{% endblock %}", "{% extends %}", "{% include %}", "{% include 'a' with n %}", "{% include 'a' with %}", "{% from 'a' import with context %}", "{% from 'a' import b with n %}", "{{ n\u2003}}{{\u00a0n }}", "{{ n\u200b }}", "{% import %}", "{% from %}", "{% from 'a' %}",
        "{% nope %}", "{% 1 %}", "{% %}", "{% raw %}x", "{% raw x %}y{% endraw %}", "{# x", "{#", "{{ x", "{% if a", "{% raw %}{{ x }}{% endraw %}", "{%- raw -%} x {%- endraw -%} y",
        "{% endraw %}", "{% do 1 %}", "{% break %}", "{% autoescape %}{% endautoescape %}", "{% autoescape true %}{{ html }}{% endautoescape %}{{ html }}",
        "{% autoescape n %}{{ html }}{% endautoescape %}", "{% print 1, 2 %}", "{% print %}", "a\nb\n{{ 1 + }}", "a\n{# c\n#}\n{% if %}", "{{ a\n\n b }}",
        "{{ 'x' 'y' }}", "{{ 1 2 }}", "{{ a.b c }}", "{{ 1.e5 }}", "{{ 1..real }}", "{{ 0x }}", "{{ 0777 }}", "{{ 1__0 }}", "{{ 1_ }}", "{{ 00 }}", "{{ a-1 }}", "{{ -a|abs }}",
        "{{ loop }}", "{% for x in li %}{% endfor %}{{ loop }}", "{{ true }}{{ True }}{{ none }}{{ None }}{{ false }}{{ False }}", "{{ é }}", "{{ 1é }}", "{{ a·b }}", "{{ ·a }}", "{{ a💩 }}",
        "{{ (1, 2,) }}{{ () }}{{ (1) }}{{ (1,) }}{{ 1, 2 }}", "{{ [1, 2,] }}{{ {'a': 1,} }}", "{{ dict(a=1,) }}", "{{ [,] }}", "{{ (,) }}", "{{ {,} }}", "{{ {1} }}",
        "{{ a.b.c }}", "{{ 1 < 2 < 3 }}{{ 3 > 2 > 2 }}{{ 1 == 1 != 2 }}{{ 1 in [1] == true }}{{ 1 not in [2] }}", "{{ not not 1 }}{{ not 1 == 2 }}", "{{ 1 if 0 }}{{ 1 if 0 else 2 if 0 else 3 }}",
        "{{ 2 ** 3 ** 2 }}{{ -2 ** 2 }}{{ 2 ** -1 }}", "{{ 'a' ~ 1 + 2 ~ 'b' }}", "{{ 1 + 2 * 3 - 4 / 2 // 1 % 3 }}", "{{ li[0] | abs + 1 }}", "{{ 5 is odd is true }}", "{{ n is not odd }}{{ not n is odd }}",
        "{{ n is divisibleby 7 and yes }}", "{{ n is in [7] }}", "{{ n is sameas(7) }}", "{{ s is string == true }}", "{{ s.upper().lower()|upper }}", "{{ li.0 }}{{ rec.0.name }}",
        "{% if n == 7 %}a{% elif n %}b{% elif z %}c{% else %}d{% endif %}", "{% if not n %}a{% elif z %}b{% else %}d{% endif %}",
        r"{{ '\x41\u00e9\U0001f600\101\7\08\n\t\\\'\a\b\f\v\r\"' }}", r"{{ '\x4' }}", r"{{ '\xzz' }}", r"{{ '\u12g4' }}", "{% set (a, 1) = 2 %}", "{% set a, [b] = 1 %}", "{% for (a, none) in li %}{% endfor %}", r"{{ '\u12' }}", r"{{ '\U00110000' }}", r"{{ '\q\ \8' }}", r"{{ '\400\777' }}", "{{ 'a\\\nb' }}",
        r"{{ '\xe9\xff' ~ 'é' }}", r"{{ '\' }}",
    ],
    "spaces": [
        "  {%- if yes -%}  a  {%- endif -%}  b", "a {#- c -#} b", "a {{- n -}} b", "a\n{% if yes %}\nb\n{% endif %}\nc\n", "a {%+ if yes %}x{% endif +%}\nb",
        {"template": "a\n  {% if yes %}\nb\n  {% endif %}\nc\n", "options": {"trim_blocks": True, "lstrip_blocks": True}},
        {"template": "a\n  {%+ if yes +%}\nb\n  {# c #}\n  {{ n }}\n", "options": {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}},
        {"template": "a\n  {%+ if yes +%}\nb\n  {# c #}\n  {{ n }}\n {%- endif %}", "options": {"trim_blocks": True, "lstrip_blocks": True}},
        {"template": "a\r\nb\rc\nd\r\n", "options": {"newline_sequence": "\r\n"}},
        {"template": "# for x in li:\n  {{ x }}\n# endfor\nrest ## comment\n## line\nend", "options": {"line_statement_prefix": "#", "line_comment_prefix": "##"}},
        {"template": "% if yes\na % b\n% endif\n  % set q = [1,\n 2]\n{{ q }}", "options": {"line_statement_prefix": "%"}},
        {"template": "<% if yes %>${n}<# c #><% endif %>", "options": {"block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "${",
                                                                        "variable_end_string": "}", "comment_start_string": "<#", "comment_end_string": "#>"}},
        {"template": "  {% raw -%}  x  {%- endraw %}  \n{% raw %}\n y {% endraw %}", "options": {"lstrip_blocks": True, "trim_blocks": True}},
        {"template": "{{ 'a<'|replace('a', '<b>'|safe) }}{{ 'a<'|replace('a', '<b>') }}{{ html }}{{ html|safe }}{{ html|e }}{{ li }}{{ 1 ~ html }}{{ (html|safe) ~ html }}{{ [html|safe] }}", "options": {"autoescape": True}},
        {"template": "{% set x %}<b>{{ html }}{% endset %}{{ x }}{{ x ~ '<' }}{% filter upper %}<i>{{ html }}{% endfilter %}", "options": {"autoescape": True}},
        {"template": "{{ 'http://x.com <b>'|urlize }}{{ {'a': html}|xmlattr }}{{ html|tojson }}{{ [html, '<'|safe]|join('&') }}{{ html|replace('&', '<') }}",
         "options": {"autoescape": True}},
        {"template": "{% autoescape false %}{{ html }}{% endautoescape %}{{ html }}{% autoescape true %}{{ html }}{% endautoescape %}", "options": {"autoescape": True}},
        {"template": "{% import 'lib' as l %}{{ l }}{{ l.f(html) }}{% include 'inc' %}", "templates": {"lib": "<p>{% macro f(x) %}<{{ x }}>{% endmacro %}", "inc": "<{{ html }}>"},
         "options": {"autoescape": True}},
        {"template": "{% block a %}<{{ html }}{% endblock %}{{ self.a() }}", "options": {"autoescape": True}},
        {"template": "{{ [['<', nope]|join('<')] }}{{ ['<' ~ nope] }}{{ [nope|e] }}{{ nope is escaped }}", "options": {"autoescape": True}, "undefined": "chainable"},
        {"template": "{{ [['<', nope]|join('<')] }}{{ ['<' ~ nope] }}{{ [nope|e] }}{{ nope is escaped }}", "options": {"autoescape": True}},
        {"template": "{% import 'lib' as l %}{{ [['<', l]|join('<')] }}{{ ['<' ~ l] }}{{ [l|e] }}{{ l is escaped }}{{ [l|forceescape] }}", "templates": {"lib": "<p>"},
         "options": {"autoescape": True}},
        {"template": "{% set l = [{'a': '<'}, {'a': '<'|safe}] %}{{ l|join('&', attribute='a') }}{{ [l|join('&', 'a')] }}", "options": {"autoescape": True}},
        {"template": "{% for x in [['<']] recursive %}{{ loop(x) if x is not string else x }}{% endfor %}", "options": {"autoescape": True}},
    ],
    "undefined": [
        {"template": template, "undefined": mode}
        for mode in ("default", "strict", "chainable")
        for template in (
            "{{ nope }}", "{{ nope.x }}", "{{ nope.x.y }}", "{{ nope['x'] }}", "{{ d.x }}", "{{ d.x.y }}", "{{ d['x'] }}", "{{ li[9] }}", "{{ li.x }}", "{{ n.x }}", "{{ z.x }}", "{{ nope() }}",
            "{{ d.x() }}", "{{ nope + 1 }}", "{{ 1 + nope }}", "{{ -nope }}", "{{ nope ~ 'x' }}", "{{ nope == 1 }}", "{{ nope != nope }}", "{{ nope < 1 }}", "{{ nope in li }}", "{{ 1 in nope }}", "{{ nope in s }}", "{{ nope not in 'abc'|safe }}",
            "{{ not nope }}", "{% if nope %}a{% else %}b{% endif %}", "{% for x in nope %}a{% else %}b{% endfor %}", "{{ nope|list }}", "{{ nope|length }}", "{{ nope|default('x') }}", "{{ nope.a.b|default('x') }}",
            "{{ nope is defined }}", "{{ nope is none }}", "{{ nope or 'x' }}", "{{ nope and 'x' }}", "{{ 'x' if nope }}", "{{ [nope] }}", "{{ {'a': nope} }}", "{{ {nope: 1} }}", "{{ nope|string }}", "{{ nope|e }}",
            "{{ '%s' % nope }}", "{{ '%(a)s' % nope }}", "{{ '%(a)s' % {'a': nope} }}", "{{ '%(a)s' % {'b': nope} }}", "{{ 'x' % nope }}", "{{ '{}'.format(nope) }}", "{{ nope|join }}", "{{ [nope]|join }}", "{{ nope|tojson }}", "{{ nope|upper }}", "{{ nope|int }}", "{{ s[nope] }}", "{{ s[nope] is undefined }}",
            "{{ nope|first }}", "{{ [nope]|sort }}", "{{ [nope, 1]|sum }}", "{{ nope|map('upper')|list }}", "{{ rec|map(attribute='nope')|list }}", "{{ rec|map(attribute='nope')|join(',') }}",
            "{{ rec|selectattr('nope')|list }}", "{{ rec|groupby('nope')|list }}", "{{ rec|sum(attribute='nope') }}", "{{ nope is string }}", "{{ nope is sequence }}", "{{ nope is callable }}", "{{ nope is mapping }}", "{{ nope is number }}", "{{ nope is lower }}", "{{ nope is odd }}", "{{ nope is sameas nope }}", "{{ nope is in li }}", "{{ nope is escaped }}",
            "{{ nope is iterable }}", "{{ nope|xmlattr }}", "{{ nope|urlencode }}",
            "{% set x = nope %}{{ x }}", "{% macro f(a) %}[{{ a }}]{% endmacro %}{{ f() }}{{ f(nope) }}", "{% include nope %}", "{{ dict(nope) }}", "{{ d.get(nope) }}", "{{ d|attr('nope') }}", "{{ nope|pprint }}",
            "{{ nope * 2 }}", "{{ nope ** 2 }}", "{{ nope / 2 }}", "{{ nope % 2 }}", "{{ nope|sort }}", "{{ nope|items|list }}", "{{ nope|abs }}", "{{ nope|round }}", "{{ nope|replace('a', 'b') }}",
        )
    ],
}
