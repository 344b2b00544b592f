package nhn_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"soshik/internal/nhn"
)

// answering is a client of a server that answers everything with body.
func answering(body string) *nhn.Client { return answeringWith(http.StatusOK, body) }

// answeringWith is one that answers with a status too. It has no time to ask twice.
func answeringWith(status int, body string) *nhn.Client {
	return nhn.New(nhn.Config{Appkey: "a", SecretKey: "s", Timeout: 90 * time.Millisecond, HTTP: transport(func(*http.Request) (*http.Response, error) {
		return respond(status, body), nil
	})})
}

// successful reports whether an answer can be taken for success: written as plainly
// as can be, apart from the client.
func successful(status int, body string) bool {
	var a struct{ Header map[string]any }
	if status/100 != 2 || json.Unmarshal([]byte(body), &a) != nil {
		var typed *json.UnmarshalTypeError
		if status/100 != 2 || !errors.As(json.Unmarshal([]byte(body), &a), &typed) {
			return false
		}
	}
	yes, code := false, false
	for name, v := range a.Header {
		switch strings.ToLower(name) {
		case "issuccessful":
			s, isString := v.(string)
			yes = yes || v == true || v == 1.0 || isString && (strings.EqualFold(s, "true") || strings.EqualFold(s, "y") || s == "1")
		case "resultcode":
			s, isString := v.(string)
			code = code || v != 0.0 && (!isString || strings.Trim(s, "+-0.eE ") != "")
		}
	}
	return yes && !code
}

// FuzzAnswers feeds every call whatever a server might answer: none may panic, take
// for success what is none, or fail with anything but an *nhn.Error.
func FuzzAnswers(f *testing.F) {
	files, err := filepath.Glob("testdata/answers/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(200, string(b))
	}
	for _, s := range []string{
		answer(-1005), `null`, `[]`, ``, `{"header":null}`, `{"header":{}}`, `{"header":{"isSuccessful":true,"resultCode":null}}`,
		`{"header":{"isSuccessful":true,"resultCode":-1}}`, `{"header":{"isSuccessful":false,"resultCode":0}}`, `{` + success + `,"message":{"requestId":"R","sendResults":[{"resultCode":"x"}]}}`,
		`{` + success + `,"messageSearchResultResponse":{"messages":[{"wide":"x","resultCode":{},"requestDate":[],"buttons":[[]]}],"totalCount":1e400}}`,
		`{` + success + `,"senders":[{"dormant":1,"friendtalk":{"sentCount":"1e3"},"createDate":""}]}`, "\ufeff{}", `{"header":{"isSuccessful":true}} x`,
	} {
		f.Add(200, s)
		f.Add(500, s)
		f.Add(429, s)
		f.Add(302, s)
	}
	all := endpoints()
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		c, can := answeringWith(status, body), successful(status, body)
		for _, e := range all {
			err := e.call(context.Background(), c)
			if err == nil && !can {
				t.Errorf("%s takes %d %q for success", e.name, status, body)
			}
			if _, ok := errors.AsType[*nhn.Error](err); err != nil && !ok {
				t.Errorf("%s fails with %T", e.name, err)
			}
		}
		if out, err := c.SendFriendTalk(context.Background(), one(), ""); err == nil && out.RequestID == "" {
			t.Error("success without a request id")
		}
		if out, err := c.UploadImage(context.Background(), "a.png", strings.NewReader(""), true); err == nil && out.Seq == 0 {
			t.Error("success without an image")
		}
	})
}
