package nhnsim

import (
	"maps"
	"slices"
)

// Queue lets tests see when deliveries begin.
type Queue = queue

// Take is take.
func (q *queue) Take(start, length int64) int64 { return q.take(start, length) }

// Codes are those of the failures that the simulator has a text for.
func Codes() []int {
	return slices.Sorted(maps.Keys(both(messages, templateMessages)))
}

// DeliveryCodes are those of the deliveries that the simulator has a text for.
func DeliveryCodes() []string { return slices.Sorted(maps.Keys(both(deliveryNames, brandNames))) }

func both[K comparable](a, b map[K]string) map[K]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// SMSCodes are those of the fallbacks that follow from a number or a text.
func SMSCodes() []string { return []string{smsDelivered, smsPhoneOff, smsUnsendable} }
