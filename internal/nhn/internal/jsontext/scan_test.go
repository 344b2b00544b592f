package jsontext_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"soshik/internal/nhn/internal/jsontext"
)

// value reads any value as encoding/json would into an any, with numbers as they are
// written.
func value(s *jsontext.Scanner) any {
	switch s.Kind() {
	case jsontext.Object:
		m := map[string]any{}
		s.Object(func(name []byte) {
			key := string(name)
			m[key] = value(s)
		})
		return m
	case jsontext.Array:
		list := []any{}
		s.Array(func() { list = append(list, value(s)) })
		return list
	case jsontext.String:
		return s.Text()
	case jsontext.Number:
		return json.Number(s.Token())
	case jsontext.True, jsontext.False:
		return s.Bool()
	}
	s.Skip()
	return nil
}

func FuzzScanner(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-0.5e+7,"소식 \u0000 \ud83d\ude00 \ud83d x\n",true,false,null,{}],"A":"\/"}`, ` [ ] `, `"\ud83d"`, "\"\xff\"", "\"a\\n\xff\"",
		``, `{`, `[1,]`, `{"a":1,}`, `{"a"}`, `01`, `-`, `1.`, `1e`, `"`, `"\x"`, `"\u12g4"`, "\"\x01\"", `nul`, `[1}`, `1 2`, "\x00", "1\x00", `{"a":1 "b":2}`,
		strings.Repeat("[", 20) + strings.Repeat("]", 20),
		strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := jsontext.Scan(data)
		got := value(s)
		err := s.End()
		if valid := json.Valid(data); valid != (err == nil) {
			t.Fatalf("%q: encoding/json says %v, the scanner %v", data, valid, err)
		}
		if err != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(string(data)))
		d.UseNumber()
		var want any
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%q: encoding/json reads %#v, the scanner %#v", data, want, got)
		}
	})
}

func TestScannerTakesWhatItsCallerLeaves(t *testing.T) {
	t.Parallel()
	s := jsontext.Scan([]byte(`{"left":{"deep":[1,{"a":"b"}]},"raw": [1, 2] ,"n":null,"taken":7}`))
	var taken int
	var raw, null string
	s.Object(func(name []byte) {
		switch string(name) {
		case "taken":
			taken = s.Int()
		case "raw":
			raw = string(s.Raw())
		case "n":
			null = s.Text()
		}
	})
	if err := s.End(); err != nil || taken != 7 || raw != "[1, 2]" || null != "" {
		t.Errorf("taken %d, raw %q, null %q, %v", taken, raw, null, err)
	}
}

func TestScannerRefusesValuesOfAnotherKind(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(s *jsontext.Scanner){
		"an object for a string":       func(s *jsontext.Scanner) { s.Text() },
		"an object for a number":       func(s *jsontext.Scanner) { s.Int() },
		"an object for a boolean":      func(s *jsontext.Scanner) { s.Bool() },
		"an object for an array":       func(s *jsontext.Scanner) { s.Array(s.Skip) },
		"an object for a token":        func(s *jsontext.Scanner) { s.Token() },
		"an object that ends the walk": func(s *jsontext.Scanner) { s.Fail(jsontext.ErrKind) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := jsontext.Scan([]byte(`{"a":1}`))
			take(s)
			if err := s.End(); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestNamesAreFoundInAnyOrderAndCase(t *testing.T) {
	t.Parallel()
	names, next := jsontext.Names{"a", "senderKey", "b"}, 0
	for _, test := range []struct {
		name string
		want int
	}{{"a", 0}, {"senderkey", 1}, {"b", 2}, {"senderKey", 1}, {"c", -1}, {"A", 0}} {
		if got := names.Find([]byte(test.name), &next); got != test.want {
			t.Errorf("Find(%q) = %d, want %d", test.name, got, test.want)
		}
	}
}
