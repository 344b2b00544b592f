package web

import (
	"context"
	"fmt"
	"log/slog"

	"soshik/internal/kakao"
)

// masking is a log without phone numbers. Nothing of ours puts one there; what the provider or a
// database says may hold one all the same.
type masking struct{ slog.Handler }

// Handle masks the message and all attributes.
func (m masking) Handle(ctx context.Context, r slog.Record) error {
	masked := slog.NewRecord(r.Time, r.Level, kakao.MaskPhones(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(maskedAttr(a))
		return true
	})
	return m.Handler.Handle(ctx, masked)
}

// WithAttrs masks what all records have.
func (m masking) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		masked[i] = maskedAttr(a)
	}
	return masking{m.Handler.WithAttrs(masked)}
}

// WithGroup keeps on masking.
func (m masking) WithGroup(name string) slog.Handler { return masking{m.Handler.WithGroup(name)} }

func maskedAttr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(kakao.MaskPhones(v.String()))
	case slog.KindGroup:
		group := make([]slog.Attr, len(v.Group()))
		for i, inner := range v.Group() {
			group[i] = maskedAttr(inner)
		}
		a.Value = slog.GroupValue(group...)
	case slog.KindAny:
		a.Value = maskedAny(v)
	default: // a number or a time
	}
	return a
}

// maskedAny leaves a value as it is of which no text would show a number.
func maskedAny(v slog.Value) slog.Value {
	text := fmt.Sprint(v.Any())
	if masked := kakao.MaskPhones(text); masked != text {
		return slog.StringValue(masked)
	}
	return v
}
