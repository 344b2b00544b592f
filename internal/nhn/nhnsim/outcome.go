package nhnsim

import (
	"strings"
	"time"

	"soshik/internal/kakao"
)

// What becomes of a message follows from the last four digits of its recipient's
// number, in this order: refused at request time; sent at night, it fails with 3022;
// then these; then, by a hash, the share of Config.FailureRate fails with 3018; the
// others arrive. A failure goes on to the SMS fallback when there is one.
const (
	NumberNotReachable   = "0001" // fails with 3018; its fallback succeeds
	NumberPhoneError     = "0002" // fails with 3008; its fallback succeeds
	NumberUnconfirmed    = "0003" // fails with 3005, receipt unconfirmed; its fallback succeeds
	NumberFallbackFails  = "0004" // fails with 3018, and so does its fallback, with 2003
	NumberRefused        = "0005" // refused at request time with -5000
	smsDelivered         = "1000"
	smsPhoneOff          = "2003"
	smsUnsendable        = "3009"
	millisecondsPerDelay = 1 << 20 // how finely delays are drawn
)

// Outcome is what becomes of a message that is accepted and not cancelled.
type Outcome struct {
	Code         string    // of the delivery: kakao.Delivery…
	ResultAt     time.Time // when it is known
	FallbackCode string    // of the SMS, were there one; empty when Code is kakao.DeliveryOK
	FallbackAt   time.Time // when that is known
}

// pick draws a time between the bounds, to the millisecond.
func (s Span) pick(h uint64) time.Duration {
	width := max(s.Max-s.Min, 0)
	d := s.Min + time.Duration(float64(h%millisecondsPerDelay)/millisecondsPerDelay*float64(width))
	return d.Truncate(time.Millisecond)
}

// hash is FNV-1a with a last stir, so that all its bits can be used.
func hash(parts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range parts {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}

// digits leaves out what is not a digit.
func digits(no string) string {
	clean := true
	for i := range len(no) {
		clean = clean && no[i] >= '0' && no[i] <= '9'
	}
	if clean {
		return no
	}
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, no)
}

func lastFour(no string) string {
	d := digits(no)
	return d[max(0, len(d)-4):]
}

// deliveryNames are the texts of delivery codes.
var deliveryNames = map[string]string{
	kakao.DeliveryOK:           "성공",
	kakao.DeliveryNight:        "발송 가능한 시간이 아님",
	kakao.DeliveryNotReachable: "메시지를 전송할 수 없음",
	kakao.DeliveryPhone:        "전화번호 오류",
	kakao.DeliveryUnconfirmed:  "메시지를 발송했으나 수신 확인 안 됨",
}

// fallbackNames are the texts of fallback states.
var fallbackNames = map[string]string{
	kakao.FallbackNone:       "재발송 미대상",
	kakao.FallbackTarget:     "재발송 대상",
	kakao.FallbackInProgress: "재발송 중",
	kakao.FallbackSucceeded:  "재발송 성공",
	kakao.FallbackFailed:     "재발송 실패",
}
