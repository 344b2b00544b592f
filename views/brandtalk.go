package views

import (
	"slices"
	"strings"
)

// optionLabel is what a value is called; what is not among the options stands for
// itself.
func optionLabel(options []Option, value string) string {
	if i := slices.IndexFunc(options, func(o Option) bool { return o.Value == value }); i >= 0 {
		return options[i].Label
	}
	return orDash(value)
}

// buttonFieldKey is the catalog's key of a button's field.
func buttonFieldKey(field string) string {
	return "editor.field." + strings.ReplaceAll(field, "-", "_")
}
