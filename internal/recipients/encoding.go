package recipients

import (
	"io"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
)

// An Encoding is how the text of a file is written as bytes.
type Encoding string

// The encodings of recipient files. Korean spreadsheets write CP949 unless told
// otherwise; EUC-KR is a part of it.
const (
	UTF8    Encoding = "utf-8"
	UTF16LE Encoding = "utf-16le"
	UTF16BE Encoding = "utf-16be"
	CP949   Encoding = "cp949"
)

// Encodings are all encodings, the most usual first.
func Encodings() []Encoding { return []Encoding{UTF8, CP949, UTF16LE, UTF16BE} }

// wide reports whether characters have two or four bytes.
func (e Encoding) wide() bool { return e == UTF16LE || e == UTF16BE }

// badRune stands for bytes that cannot be read.
const badRune = string(utf8.RuneError)

// cp949 maps (lead - 0x80) << 8 | trail to a character, 0 where there is none. It
// is computed when it is first needed.
var cp949 = sync.OnceValue(func() *[1 << 15]uint16 {
	var table [1 << 15]uint16
	var utf [2 * utf8.UTFMax]byte
	decoder := korean.EUCKR.NewDecoder()
	for lead := 0x81; lead <= 0xFE; lead++ {
		for trail := 0x41; trail <= 0xFE; trail++ {
			n, _, err := decoder.Transform(utf[:], []byte{byte(lead), byte(trail)}, true)
			if r, size := utf8.DecodeRune(utf[:n]); err == nil && size == n && r != utf8.RuneError {
				table[(lead-0x80)<<8|trail] = uint16(r)
			}
		}
	}
	return &table
})

// appendCP949 appends src, decoded, to dst. bad counts the sequences that cannot
// be read, for each of which U+FFFD is appended; the ASCII byte behind a lead byte
// without trail is kept, so that no separator is ever swallowed.
func appendCP949(dst, src []byte, table *[1 << 15]uint16) (out []byte, bad int) {
	for i := 0; i < len(src); i++ {
		c := src[i]
		if c < utf8.RuneSelf {
			dst = append(dst, c)
			continue
		}
		var r uint16
		if i+1 < len(src) {
			r = table[int(c-0x80)<<8|int(src[i+1])]
		}
		switch {
		case r >= 0x800:
			dst = append(dst, byte(0xE0|r>>12), byte(0x80|r>>6&0x3F), byte(0x80|r&0x3F))
			i++
		case r != 0:
			dst = utf8.AppendRune(dst, rune(r))
			i++
		default:
			bad++
			dst = append(dst, badRune...)
			if c != 0x80 && c != 0xFF && i+1 < len(src) && src[i+1] >= utf8.RuneSelf {
				i++
			}
		}
	}
	return dst, bad
}

// appendUTF8 appends src to dst, with U+FFFD for each run of bytes that is no text.
func appendUTF8(dst, src []byte) (out []byte, bad int) {
	if utf8.Valid(src) {
		return append(dst, src...), 0
	}
	for len(src) > 0 {
		r, size := utf8.DecodeRune(src)
		if r == utf8.RuneError && size == 1 {
			bad++
		}
		dst = utf8.AppendRune(dst, r)
		src = src[size:]
	}
	return dst, bad
}

// lostUnit is what half of a surrogate pair becomes in UTF-8: a byte that is no
// text there either, so that the row is refused.
const lostUnit = 0xFF

// utf16Reader reads UTF-16 as UTF-8.
type utf16Reader struct {
	src   io.Reader
	big   bool
	in    []byte // bytes read and not yet converted
	out   []byte // converted and not yet handed out
	space []byte
	err   error
}

func newUTF16Reader(src io.Reader, e Encoding) *utf16Reader {
	return &utf16Reader{src: src, big: e == UTF16BE, in: make([]byte, 0, 16<<10)}
}

// Read implements [io.Reader].
func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		n, err := u.src.Read(u.in[len(u.in):cap(u.in)])
		u.in, u.err = u.in[:len(u.in)+n], err
		u.space = u.space[:0]
		used := u.convert(err != nil)
		u.in = append(u.in[:0], u.in[used:]...)
		u.out = u.space
		if n == 0 && err == nil {
			return 0, nil
		}
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// convert appends what u.in holds to u.space, and returns how many bytes of it are
// done. The first half of a pair waits for the second, unless this is the end.
func (u *utf16Reader) convert(end bool) int {
	i := 0
	for ; i+2 <= len(u.in); i += 2 {
		r := rune(u.unit(i))
		if !utf16.IsSurrogate(r) {
			u.space = utf8.AppendRune(u.space, r)
			continue
		}
		if i+4 > len(u.in) && !end {
			return i
		}
		var second rune
		if i+4 <= len(u.in) {
			second = rune(u.unit(i + 2))
		}
		if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
			u.space = append(u.space, lostUnit)
			continue
		}
		u.space = utf8.AppendRune(u.space, r)
		i += 2
	}
	if end && i < len(u.in) { // half a unit
		u.space = append(u.space, lostUnit)
		i = len(u.in)
	}
	return i
}

func (u *utf16Reader) unit(i int) uint16 {
	if u.big {
		return uint16(u.in[i])<<8 | uint16(u.in[i+1])
	}
	return uint16(u.in[i+1])<<8 | uint16(u.in[i])
}

// utf16Size is how many bytes of UTF-16 became b, apart from half a unit at the end
// of a file, which counts as a whole one.
func utf16Size(b []byte) int64 {
	units := 0
	for _, c := range b {
		switch {
		case c < 0x80 || c >= 0xC0 && c < 0xF0 || c == lostUnit:
			units++
		case c >= 0xF0:
			units += 2
		}
	}
	return int64(2 * units)
}
