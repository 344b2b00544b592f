package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"soshik/internal/kakao"
	"soshik/internal/nhn"
)

// maxAnswer bounds what is kept of an answer, in bytes.
const maxAnswer = 16 << 20

// tape keeps the last answer as it came, since the client is more lenient than the
// documents are. Calls are made one after the other.
type tape struct {
	base *http.Transport
	last *bytes.Buffer
}

func newTape() *tape {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.Protocols = new(http.Protocols)
	base.Protocols.SetHTTP1(true) // as the client has it: nothing is sent twice
	return &tape{base: base, last: new(bytes.Buffer)}
}

func (t *tape) close() { t.base.CloseIdleConnections() }

// RoundTrip makes a call, and keeps what is read of its answer.
func (t *tape) RoundTrip(r *http.Request) (*http.Response, error) {
	t.last = new(bytes.Buffer)
	resp, err := t.base.RoundTrip(r)
	if err == nil {
		resp.Body = &kept{io.TeeReader(resp.Body, t.last), resp.Body}
	}
	return resp, err
}

type kept struct {
	io.Reader
	io.Closer
}

// object is a value of an answer.
type object map[string]any

// objects are those at a path of names with dots between in the last answer, through
// lists and objects. Of no names, it is the answer.
func (t *tape) objects(path string) []object {
	var root any
	if json.Unmarshal(t.last.Bytes(), &root) != nil {
		return nil
	}
	here := []any{root}
	for name := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' }) {
		var below []any
		for _, v := range here {
			m, _ := v.(map[string]any)
			if entries, ok := m[name].([]any); ok {
				below = append(below, entries...)
			} else {
				below = append(below, m[name])
			}
		}
		here = below
	}
	var out []object
	for _, v := range here {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// has is nil when all objects at a path have the members that are named. A name is that
// of a text; of a number with # behind, of a boolean with ?, of a list with [], of an
// object with {}. Each may be null, but for those with a ! at the end.
func (t *tape) has(path, names string) error {
	for _, o := range t.objects(path) {
		for name := range strings.FieldsSeq(names) {
			if err := o.has(path, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o object) has(path, spec string) error {
	name := strings.TrimRight(spec, "#?[]{}!")
	at := strings.TrimPrefix(path+"."+name, ".")
	v, there := o[name]
	if !there {
		return &unexpected{want: "a member " + at, got: "none"}
	}
	if v == nil {
		return expect(!strings.HasSuffix(spec, "!"), at, "null")
	}
	kind := strings.TrimSuffix(spec[len(name):], "!")
	fits := false
	switch v := v.(type) {
	case string:
		fits = kind == "" || kind == "?" && (v == "true" || v == "false") // the documents call some booleans texts
	case float64:
		fits = kind == "#"
	case bool:
		fits = kind == "?"
	case []any:
		fits = kind == "[]"
	case map[string]any:
		fits = kind == "{}"
	}
	want := map[string]string{"": "a text", "#": "a number", "?": "a boolean", "[]": "a list", "{}": "an object"}[kind]
	return expect(fits, want+" as "+at, fmt.Sprintf("%T", v))
}

// raw makes a reading call that the client does not make: of another path, or with
// dates that are none. Its error is the refusal.
func (s *suite) raw(ctx context.Context, path string, query url.Values) error {
	target := s.target.BaseURL + strings.ReplaceAll(path, "{appkey}", url.PathEscape(s.target.Appkey)) + "?" + query.Encode()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return fmt.Errorf("the URL of the server is none")
	}
	req.Header.Set("Content-Type", "application/json;charset=UTF-8")
	req.Header.Set(kakao.HeaderSecretKey, s.target.Secret)
	if s.target.ConvertToBrand {
		req.Header.Set(kakao.HeaderConvertToBrand, "true")
	}
	resp, err := s.tape.RoundTrip(req)
	if err != nil {
		return &nhn.Error{Message: "no answer", Err: err}
	}
	defer resp.Body.Close()
	var out struct {
		Header struct {
			ResultCode    *int   `json:"resultCode"`
			ResultMessage string `json:"resultMessage"`
		} `json:"header"`
	}
	err = json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&out)
	switch code := out.Header.ResultCode; {
	case err != nil, code == nil:
		return &nhn.Error{Status: resp.StatusCode, Message: "answer is not what the API answers"}
	case *code != 0:
		return &nhn.Error{Status: resp.StatusCode, Code: *code, Message: out.Header.ResultMessage}
	}
	return nil
}
