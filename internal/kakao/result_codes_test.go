package kakao_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"soshik/internal/kakao"
)

// constants are the values of the package's constants by name.
func constants(t *testing.T) map[string]constant.Value {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files, found := token.NewFileSet(), map[string]constant.Value{}
	for _, name := range names {
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				v, err := types.Eval(files, nil, token.NoPos, types.ExprString(spec.Values[0]))
				if err == nil && v.Value != nil {
					found[spec.Names[0].Name] = v.Value
				}
			}
			return true
		})
	}
	return found
}

// Constants that are codes, by their names and by what they are: the names of others
// begin alike.
var (
	resultCode   = regexp.MustCompile(`^Code[A-Z]\w* (?:4|-\d{4})$`)
	deliveryCode = regexp.MustCompile(`^(?:Delivery|Brand)\w* "(?:\d|[AB]\d)\d{3}"$`)
)

func TestEveryNamedCodeIsKnown(t *testing.T) {
	t.Parallel()
	results, deliveries := 0, 0
	for name, v := range constants(t) {
		switch written := name + " " + v.ExactString(); {
		case resultCode.MatchString(written):
			results++
			if code, _ := constant.Int64Val(v); !kakao.KnownResultCode(int(code)) {
				t.Errorf("%s is not among the result codes", written)
			}
		case deliveryCode.MatchString(written):
			deliveries++
			if !kakao.KnownDeliveryCode(constant.StringVal(v)) {
				t.Errorf("%s is not among the delivery codes", written)
			}
		}
	}
	if results < 60 || deliveries < 10 {
		t.Errorf("only %d and %d codes were found: the search has gone stale", results, deliveries)
	}
}

func TestCodesAreKnownOnce(t *testing.T) {
	t.Parallel()
	results := kakao.ResultCodes()
	slices.Reverse(results)
	if !slices.IsSorted(results) || len(slices.Compact(results)) != 253 {
		t.Error("the result codes are not 253 in falling order")
	}
	for name, codes := range map[string][]string{"delivery": kakao.DeliveryCodes(), "SMS": kakao.SMSCodes()} {
		if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
			t.Errorf("the %s codes are not in order, or there twice", name)
		}
	}
}

func TestUnknownCodes(t *testing.T) {
	t.Parallel()
	for _, code := range []int{kakao.CodeOK, 1, -1, -999, -1007, -3029, -8888, -10_000} {
		if kakao.KnownResultCode(code) {
			t.Errorf("%d is known", code)
		}
	}
	for _, code := range []string{"", "0", "3018 ", "a3018", "A3019", "-5000", "no_value"} {
		if kakao.KnownDeliveryCode(code) || kakao.KnownSMSCode(code) {
			t.Errorf("%q is known", code)
		}
	}
}
