package recipients

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// errXML means that a part of a workbook is no XML that a spreadsheet would write.
var errXML = errors.New("malformed XML")

// maxTag is how long a tag may be, in bytes.
const maxTag = 64 << 10

// xmlReader reads the XML of a workbook tag by tag, in memory that does not grow. It
// knows what spreadsheets write and nothing of definitions, so that there is no
// entity to expand. Names are without their namespace's prefix.
type xmlReader struct {
	src      io.Reader
	buf      []byte
	pos, end int
	err      error

	name   []byte // of the tag that was read last; valid until the next
	attrs  []byte // as they stand in it
	closed bool   // it ends what it begins: <c/>
	ending bool   // it ends something: </c>, or the second reading of <c/>

	keep bool   // whether text is gathered
	text []byte // gathered since keep was set, entities resolved
}

// newXMLReader reads UTF-8, or UTF-16 with a byte order mark.
func newXMLReader(src io.Reader) *xmlReader {
	x := &xmlReader{src: src, buf: make([]byte, readSize)}
	x.fill()
	for _, e := range []Encoding{UTF16LE, UTF16BE} {
		if bytes.HasPrefix(x.buf[:x.end], e.mark()) {
			rest := io.MultiReader(bytes.NewReader(bytes.Clone(x.buf[:x.end])), src)
			return &xmlReader{src: newUTF16Reader(rest, e), buf: x.buf}
		}
	}
	return x
}

// next reads up to the next tag. It is io.EOF behind the last one.
func (x *xmlReader) next() error {
	if x.closed && !x.ending {
		x.ending = true
		return nil
	}
	for {
		i := bytes.IndexByte(x.buf[x.pos:x.end], '<')
		if i < 0 {
			if err := x.gather(x.buf[x.pos:x.end], false); err != nil {
				return err
			}
			if !x.fill() {
				return x.failure()
			}
			continue
		}
		if err := x.gather(x.buf[x.pos:x.pos+i], true); err != nil {
			return err
		}
		x.pos++ // the "<"
		if tag, err := x.tag(); tag || err != nil {
			return err
		}
	}
}

// gather takes in text, which is passed over. Unless it is whole, the beginning of an
// entity at its end is left for the next time.
func (x *xmlReader) gather(b []byte, whole bool) error {
	if !x.keep {
		x.pos += len(b)
		return nil
	}
	if !whole {
		if i := bytes.LastIndexByte(b, '&'); i >= 0 && len(b)-i <= longestEntity && bytes.IndexByte(b[i:], ';') < 0 {
			b = b[:i]
			if i == 0 && x.err != nil {
				return errXML
			}
		}
	}
	x.pos += len(b)
	if len(x.text)+len(b) > MaxRecord {
		return fmt.Errorf("%w: text of more than %d bytes", errXML, MaxRecord)
	}
	x.text = appendUnescaped(x.text, b)
	return nil
}

// tag reads what stands behind a "<". It is false for what is no tag.
func (x *xmlReader) tag() (bool, error) {
	for x.end-x.pos < len("![CDATA[") {
		if !x.fill() {
			break
		}
	}
	rest := x.buf[x.pos:x.end]
	switch {
	case bytes.HasPrefix(rest, []byte("![CDATA[")):
		x.pos += len("![CDATA[")
		return false, x.until("]]>", x.keep)
	case bytes.HasPrefix(rest, []byte("!--")):
		return false, x.until("-->", false)
	case bytes.HasPrefix(rest, []byte("?")):
		return false, x.until("?>", false)
	case bytes.HasPrefix(rest, []byte("!")): // a definition: no spreadsheet writes any
		return false, errXML
	}
	n, err := x.tagEnd()
	if err != nil {
		return false, err
	}
	x.cut(x.buf[x.pos : x.pos+n])
	x.pos += n + 1
	return true, nil
}

// tagEnd is how far it is to the ">" of the tag.
func (x *xmlReader) tagEnd() (int, error) {
	var quote byte
	for i := 0; ; i++ {
		for x.pos+i >= x.end {
			if !x.fill() {
				if err := x.failure(); !errors.Is(err, io.EOF) {
					return 0, err
				}
				return 0, errXML
			}
		}
		switch c := x.buf[x.pos+i]; {
		case i > maxTag:
			return 0, errXML
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i, nil
		}
	}
}

// cut parts a tag into its name and its attributes.
func (x *xmlReader) cut(tag []byte) {
	x.ending = len(tag) > 0 && tag[0] == '/'
	if x.ending {
		tag = tag[1:]
	}
	x.closed = !x.ending && len(tag) > 0 && tag[len(tag)-1] == '/'
	if x.closed {
		tag = tag[:len(tag)-1]
	}
	x.name, x.attrs = tag, nil
	if i := bytes.IndexAny(tag, " \t\r\n"); i >= 0 {
		x.name, x.attrs = tag[:i], tag[i+1:]
	}
	if i := bytes.IndexByte(x.name, ':'); i >= 0 {
		x.name = x.name[i+1:]
	}
}

// until passes over everything up to mark, and gathers it as it stands if it is to be
// kept.
func (x *xmlReader) until(mark string, keep bool) error {
	for {
		b := x.buf[x.pos:x.end]
		i := bytes.Index(b, []byte(mark))
		n := i
		if i < 0 {
			n = max(0, len(b)-len(mark)+1)
		}
		if keep {
			if x.text = append(x.text, b[:n]...); len(x.text) > MaxRecord {
				return errXML
			}
		}
		x.pos += n
		if i >= 0 {
			x.pos += len(mark)
			return nil
		}
		if !x.fill() {
			if err := x.failure(); !errors.Is(err, io.EOF) {
				return err
			}
			return errXML
		}
	}
}

// fill reads more, behind what is there. It is false when there is no more.
func (x *xmlReader) fill() bool {
	if x.err != nil {
		return false
	}
	if x.pos > 0 {
		copy(x.buf, x.buf[x.pos:x.end])
		x.pos, x.end = 0, x.end-x.pos
	}
	if x.end == len(x.buf) {
		x.buf = append(x.buf, make([]byte, len(x.buf))...) // at most a few times maxTag
	}
	for range 100 {
		var n int
		n, x.err = x.src.Read(x.buf[x.end:])
		x.end += n
		if n > 0 || x.err != nil {
			return n > 0
		}
	}
	x.err = io.ErrNoProgress
	return false
}

// failure is why there is no more: io.EOF at the end.
func (x *xmlReader) failure() error {
	if x.err == nil {
		return io.EOF
	}
	return x.err
}

// opens reports whether the tag begins a name.
func (x *xmlReader) opens(name string) bool { return !x.ending && string(x.name) == name }

// ends reports whether the tag ends a name.
func (x *xmlReader) ends(name string) bool { return x.ending && string(x.name) == name }

// attr is an attribute of the tag as it stands there, nil if it has none of that
// name; prefixes count as part of the name.
func (x *xmlReader) attr(name string) []byte {
	b := x.attrs
	for {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			return nil
		}
		key := bytes.TrimSpace(b[:i])
		b = bytes.TrimLeft(b[i+1:], " \t\r\n")
		if len(b) == 0 || b[0] != '"' && b[0] != '\'' {
			return nil
		}
		end := bytes.IndexByte(b[1:], b[0])
		if end < 0 {
			return nil
		}
		if string(key) == name {
			return b[1 : 1+end]
		}
		b = b[end+2:]
	}
}

// attrText is attr with its entities resolved.
func (x *xmlReader) attrText(name string) string { return string(appendUnescaped(nil, x.attr(name))) }

// attrInt is attr as a number, 0 where it is none.
func (x *xmlReader) attrInt(name string) int {
	n, err := strconv.Atoi(string(x.attr(name)))
	if err != nil {
		return 0
	}
	return n
}

// attrOn reports whether the attribute is true.
func (x *xmlReader) attrOn(name string) bool {
	value := string(x.attr(name))
	return value == "1" || value == "true"
}

// longestEntity is what "&#x10FFFF;" has, and a little more.
const longestEntity = 12

// appendUnescaped appends b to dst with its entities resolved. What is none stays.
func appendUnescaped(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:i]...)
		b = b[i:]
		end := bytes.IndexByte(b[:min(len(b), longestEntity)], ';')
		r, known := rune(0), false
		if end > 0 {
			r, known = entity(string(b[1:end]))
		}
		if !known {
			dst, b = append(dst, '&'), b[1:]
			continue
		}
		dst, b = utf8.AppendRune(dst, r), b[end+1:]
	}
}

// entity is the character that an entity stands for.
func entity(name string) (r rune, known bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, numbered := strings.CutPrefix(name, "#")
	if !numbered {
		return 0, false
	}
	base := 10
	if hex, is := strings.CutPrefix(digits, "x"); is {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n == 0 || n > utf8.MaxRune {
		return 0, false
	}
	return rune(n), true //nolint:gosec // checked
}

// appendCellText appends b to dst with what spreadsheets write as _x000D_ resolved.
func appendCellText(dst, b []byte) []byte {
	for {
		i := bytes.Index(b, []byte("_x"))
		if i < 0 {
			return append(dst, b...)
		}
		const size = len("_x000D_")
		if len(b)-i < size || b[i+size-1] != '_' {
			dst, b = append(dst, b[:i+2]...), b[i+2:]
			continue
		}
		n, err := strconv.ParseUint(string(b[i+2:i+size-1]), 16, 16)
		if err != nil {
			dst, b = append(dst, b[:i+2]...), b[i+2:]
			continue
		}
		dst = utf8.AppendRune(append(dst, b[:i]...), rune(n)) //nolint:gosec // 16 bits
		b = b[i+size:]
	}
}
