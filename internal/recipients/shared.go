package recipients

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A Spill takes what a workbook says more of than memory should hold: a file that is
// gone when it is closed.
type Spill interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
}

const (
	// spillPage is how much of a spill is read or written at a time, and spillPages
	// how many pages stay in memory.
	spillPage, spillPages = 32 << 10, 256
	// sharedStep is of every how many shared texts the place is known.
	sharedStep = 16
	// maxShared is how many shared texts a workbook may have.
	maxShared = 64 << 20
)

// sharedTexts are the texts that a workbook keeps once for all of its cells. They are
// read as far as they are asked for; those that memory has no room for are looked up in the
// spill. A text is its length and its bytes.
type sharedTexts struct {
	xml    *xmlReader // what has not been read; nil when there is no more
	spill  func() (Spill, error)
	file   Spill
	places []int64 // of every sharedStep-th text
	count  int
	tail   []byte // the page that is being filled
	end    int64  // of everything, in bytes
	pages  [spillPages]struct {
		number int64 // plus one; 0: none
		bytes  []byte
	}
	scratch []byte
}

func (s *sharedTexts) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// append appends text number n to dst. A number that the workbook does not have is
// no text.
func (s *sharedTexts) append(dst []byte, n int) ([]byte, error) {
	for n >= s.count && s.xml != nil {
		if err := s.read(); err != nil {
			return dst, err
		}
	}
	if n < 0 || n >= s.count {
		return dst, nil
	}
	at := s.places[n/sharedStep]
	for range n % sharedStep {
		length, head, err := s.length(at)
		if err != nil {
			return dst, err
		}
		at += int64(head) + int64(length)
	}
	length, head, err := s.length(at)
	if err != nil {
		return dst, err
	}
	return s.copy(dst, at+int64(head), length)
}

// length is how long the text at a place is, and how many bytes say so.
func (s *sharedTexts) length(at int64) (n, head int, err error) {
	s.scratch, err = s.copy(s.scratch[:0], at, int(min(binary.MaxVarintLen32, s.end-at)))
	if err != nil {
		return 0, 0, err
	}
	length, head := binary.Uvarint(s.scratch)
	return int(length), head, nil //nolint:gosec // at most MaxRecord
}

// copy appends n bytes at a place to dst.
func (s *sharedTexts) copy(dst []byte, at int64, n int) ([]byte, error) {
	for n > 0 {
		page, err := s.page(at / spillPage)
		if err != nil {
			return dst, err
		}
		part := page[min(at%spillPage, int64(len(page))):]
		part = part[:min(n, len(part))]
		if len(part) == 0 {
			return dst, io.ErrUnexpectedEOF
		}
		dst = append(dst, part...)
		at += int64(len(part))
		n -= len(part)
	}
	return dst, nil
}

func (s *sharedTexts) page(number int64) ([]byte, error) {
	if number == s.end/spillPage {
		return s.tail, nil
	}
	p := &s.pages[number%spillPages]
	if p.number == number+1 {
		return p.bytes, nil
	}
	if p.bytes == nil {
		p.bytes = make([]byte, spillPage)
	}
	p.number = 0
	if _, err := s.file.ReadAt(p.bytes, number*spillPage); err != nil {
		return nil, err
	}
	p.number = number + 1
	return p.bytes, nil
}

// read takes in the next text, if there is one.
func (s *sharedTexts) read() error {
	x := s.xml
	for {
		err := x.next()
		switch {
		case errors.Is(err, io.EOF), err == nil && x.ends("sst"):
			s.xml = nil
			return nil
		case err != nil:
			return err
		case x.opens("si"):
			if err := x.richText("si"); err != nil {
				return err
			}
			s.scratch = appendCellText(s.scratch[:0], x.text)
			return s.add(s.scratch)
		}
	}
}

// richText gathers the text of an element that has begun, up to its end: all that
// stands in <t>, but for the pronunciation of Chinese characters.
func (x *xmlReader) richText(name string) error {
	x.text = x.text[:0]
	defer func() { x.keep = false }()
	for spoken := false; ; {
		if err := x.next(); err != nil {
			return unexpected(err)
		}
		switch {
		case x.ends(name):
			return nil
		case string(x.name) == "rPh":
			spoken = !x.ending
		case string(x.name) == "t":
			x.keep = !x.ending && !spoken
		}
	}
}

// unexpected is err for what ends before it should.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return errXML
	}
	return err
}

// add stores a text behind the others.
func (s *sharedTexts) add(text []byte) error {
	if s.count == maxShared {
		return fmt.Errorf("%w: %d texts", ErrBomb, s.count)
	}
	if s.count%sharedStep == 0 {
		s.places = append(s.places, s.end)
	}
	s.count++
	var head [binary.MaxVarintLen32]byte
	if err := s.write(head[:binary.PutUvarint(head[:], uint64(len(text)))]); err != nil {
		return err
	}
	return s.write(text)
}

func (s *sharedTexts) write(b []byte) error {
	for len(b) > 0 {
		n := min(spillPage-len(s.tail), len(b))
		s.tail = append(s.tail, b[:n]...)
		b = b[n:]
		s.end += int64(n)
		if len(s.tail) == spillPage {
			if err := s.turn(); err != nil {
				return err
			}
		}
	}
	return nil
}

// turn moves the full page out.
func (s *sharedTexts) turn() (err error) {
	if s.file == nil {
		if s.file, err = s.spill(); err != nil {
			return err
		}
	}
	number := s.end/spillPage - 1
	if _, err := s.file.WriteAt(s.tail, number*spillPage); err != nil {
		return err
	}
	p := &s.pages[number%spillPages]
	p.number, p.bytes, s.tail = number+1, s.tail, p.bytes[:0]
	return nil
}
