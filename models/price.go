package models

import (
	"context"
	"regexp"
	"strconv"
	"strings"
)

// PriceKind is what has a price: a message of a channel, or one that goes out by SMS.
type PriceKind string

// The kinds of messages that are no channel's own.
const (
	PriceSMS PriceKind = "sms"
	PriceLMS PriceKind = "lms"
)

// PriceKinds are all kinds, those of the channels first.
func PriceKinds() []PriceKind {
	var kinds []PriceKind
	for _, ch := range Channels() {
		kinds = append(kinds, PriceKind(ch))
	}
	return append(kinds, PriceSMS, PriceLMS)
}

// Milliwon is an amount of money in thousandths of a won.
type Milliwon int64

const milli = 1000

// Decimal is the amount in won, with as many decimals as it has.
func (m Milliwon) Decimal() string {
	whole, rest := strconv.FormatInt(int64(m)/milli, 10), strconv.FormatInt(milli+int64(m)%milli, 10)[1:]
	return strings.TrimSuffix(whole+"."+strings.TrimRight(rest, "0"), ".")
}

// Prices are what a team pays for a delivered message, by kind. A kind that is not
// there has no known price.
type Prices map[PriceKind]Milliwon

// MaxPrice is the highest price that can be set, in won.
const MaxPrice = 100_000

// NewPrices is what is filled in to set the prices of a team, in won, by kind. What is
// empty has no price.
type NewPrices map[PriceKind]string

// PricesOf are the prices of a team as the form shows them.
func PricesOf(t Team) NewPrices {
	in := NewPrices{}
	for kind, price := range t.Prices {
		in[kind] = price.Decimal()
	}
	return in
}

// won is an amount as people write it: with up to three decimals.
var won = regexp.MustCompile(`^(\d{1,6})(?:\.(\d{1,3}))?$`)

// Prices checks the form; they are the prices that were filled in. Its fields are named
// after the kinds.
func (in NewPrices) Prices() (Prices, error) {
	p, out := problems{}, Prices{}
	for _, kind := range PriceKinds() {
		typed := strings.TrimSuffix(strings.NewReplacer(",", "", " ", "").Replace(in[kind]), "원")
		if typed == "" {
			continue
		}
		found := won.FindStringSubmatch(typed)
		if found == nil {
			p.add(string(kind), "price.wrong")
			continue
		}
		amount, err := strconv.ParseInt(found[1]+(found[2] + "000")[:3], 10, 64)
		if err != nil || amount > MaxPrice*milli {
			p.add(string(kind), "price.range", "Max", MaxPrice)
			continue
		}
		out[kind] = Milliwon(amount)
	}
	return out, p.err()
}

// SavePrices writes the prices of a team.
func (db *DB) SavePrices(ctx context.Context, t Team) error {
	return dbError(db.write(ctx).Model(&Team{}).Where("id = ?", t.ID).Select("Prices").Updates(t).Error, "team")
}

// CostLine is what the messages of one kind cost.
type CostLine struct {
	Kind  PriceKind
	Count int64
	Price Milliwon
}

// Sum is what they cost together.
func (l CostLine) Sum() Milliwon { return Milliwon(l.Count) * l.Price }

// Cost is what a campaign costs if everything is delivered, and what may come on top
// of it if all fallbacks go out.
type Cost struct {
	Expected CostLine
	Fallback []CostLine
}

// Worst is what the campaign costs with all fallbacks.
func (c Cost) Worst() Milliwon {
	sum := c.Expected.Sum()
	for _, line := range c.Fallback {
		sum += line.Sum()
	}
	return sum
}

// Cost is what the campaign of the report costs over a channel. known is false where a
// price is missing.
func (r Report) Cost(ch Channel, prices Prices) (c Cost, known bool) {
	price, known := prices[PriceKind(ch)]
	c.Expected = CostLine{PriceKind(ch), r.Sendable, price}
	for _, line := range []CostLine{{Kind: PriceSMS, Count: r.SMS}, {Kind: PriceLMS, Count: r.LMS}} {
		if line.Count == 0 {
			continue
		}
		price, set := prices[line.Kind]
		line.Price, known = price, known && set
		c.Fallback = append(c.Fallback, line)
	}
	return c, known
}
