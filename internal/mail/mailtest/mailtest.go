// Package mailtest is a mail server for tests: it takes mail and keeps it.
package mailtest

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mail is a mail that was taken.
type Mail struct {
	To      string
	Header  mail.Header
	Subject string
	Parts   map[string]string // by content type
}

// Server takes mail without TLS from whoever signs in as its user.
type Server struct {
	Host     string
	Port     int
	User     string
	Password string

	mu     sync.Mutex
	mails  []Mail
	refuse int
}

// New starts a server that is gone after the test.
func New(t testing.TB) *Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it listens until the test ends
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	s := &Server{Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, User: "soshik", Password: "open sesame"}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

// Refuse has the next n mails refused for the time being.
func (s *Server) Refuse(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = n
}

// Mails are those that were taken, in order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	r := bufio.NewReader(conn)
	say := func(text string) { _, _ = fmt.Fprintf(conn, "%s\r\n", text) }
	say("220 test")
	to, signedIn := "", false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		switch verb, rest, _ := strings.Cut(line, " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN")
		case "AUTH":
			secret, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			if signedIn = string(secret) == "\x00"+s.User+"\x00"+s.Password; !signedIn {
				say("535 no")
				continue
			}
			say("235 yes")
		case "RCPT":
			to = strings.Trim(strings.TrimPrefix(strings.ToUpper(rest), "TO:"), "<>")
			say("250 yes")
		case "DATA":
			if !signedIn {
				say("530 sign in first")
				continue
			}
			say("354 go on")
			text, err := readData(r)
			if err != nil {
				return
			}
			say(s.take(strings.ToLower(to), text))
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 yes")
		}
	}
}

func readData(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == ".\r\n" {
			return b.String(), err
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (s *Server) take(to, text string) (answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse > 0 {
		s.refuse--
		return "451 later"
	}
	m, err := read(to, text)
	if err != nil {
		return "554 " + err.Error()
	}
	s.mails = append(s.mails, m)
	return "250 taken"
}

func read(to, text string) (Mail, error) {
	parsed, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return Mail{}, err
	}
	m := Mail{To: to, Header: parsed.Header, Parts: map[string]string{}}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return m, err
	}
	_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		return m, err
	}
	for parts := multipart.NewReader(parsed.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // it is never wrapped
			return m, nil
		}
		if err != nil {
			return m, err
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(decoded(part))
		if err != nil {
			return m, err
		}
		m.Parts[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func decoded(part *multipart.Part) io.Reader {
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		return quotedprintable.NewReader(part)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, part)
	}
	return part
}
