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

// AddPlainImage makes an image known that shows nothing.
func (s *Sim) AddPlainImage(appkey string, wide bool) error {
	p := s.project(appkey)
	p.mu.Lock()
	defer p.mu.Unlock()
	return s.commit(p, entry{Type: entryImage, Appkey: appkey, Image: &Image{Seq: p.lastImage + 1, Name: "plain.jpg", Wide: wide, URL: "http://example.com/plain.jpg"}})
}
