package nhnsim

import (
	"slices"

	"soshik/internal/kakao"
	"soshik/internal/nhn/internal/jsontext"
)

// sendIn is the body of a FriendTalk send. Members are pointers, or optional, where
// a missing one differs from an empty one.
type sendIn struct {
	PlusFriendID      *string
	RequestDate       string
	SenderGroupingKey string
	CreateUser        string
	RecipientList     []recipientIn
}

// recipientIn is one recipient of a send. What it has in common with the one before
// it, the two share.
type recipientIn struct {
	RecipientNo          optional
	Content              optional
	ImageSeq             int
	ImageLink            string
	Buttons              []button
	Resend               *resendIn
	IsAd                 *bool
	RecipientGroupingKey string
}

// optional is a text that may be missing. Null is missing, too.
type optional struct {
	text  string
	given bool
}

type resendIn struct {
	IsResend      answerIn
	Type          string
	Title         string
	Content       string
	SendNo        string
	UnsubscribeNo string
}

// answerIn is yes, no, or not said.
type answerIn int8

const (
	notSaid answerIn = iota
	saidYes
	saidNo
)

// Members of a send, in the order in which they mostly come.
var (
	sendNames      = jsontext.Names{"plusFriendId", "requestDate", "senderGroupingKey", "createUser", "recipientList"}
	recipientNames = jsontext.Names{
		"recipientNo", "content", "imageSeq", "imageLink", "buttons", "isAd", "resendParameter", "recipientGroupingKey",
	}
	buttonNames = jsontext.Names{"ordering", "type", "name", "linkMo", "linkPc", "schemeIos", "schemeAndroid"}
	resendNames = jsontext.Names{"isResend", "resendType", "resendTitle", "resendContent", "resendSendNo", "resendUnsubscribeNo"}
)

// parseSend reads a body of [sendIn]; ok is false for what is not one.
func parseSend(body []byte) (in sendIn, ok bool) {
	s, next := jsontext.Scan(body), 0
	if s.Kind() != jsontext.Object {
		return in, false
	}
	s.Object(func(name []byte) {
		switch sendNames.Find(name, &next) {
		case 0:
			in.PlusFriendID = parseOptional(s, optional{}).pointer()
		case 1:
			in.RequestDate = s.Text()
		case 2:
			in.SenderGroupingKey = s.Text()
		case 3:
			in.CreateUser = s.Text()
		case 4:
			in.RecipientList = parseRecipients(s)
		}
	})
	return in, s.End() == nil
}

// leastRecipient is about how many bytes the shortest recipient of a real send has.
const leastRecipient = 128

// parseRecipients is nil for null.
func parseRecipients(s *jsontext.Scanner) []recipientIn {
	if s.Kind() == jsontext.Null {
		s.Skip()
		return nil
	}
	list := make([]recipientIn, 0, min(len(s.Rest())/leastRecipient, kakao.MaxRecipients))
	none := recipientIn{}
	s.Array(func() {
		before := &none
		if n := len(list); n > 0 {
			before = &list[n-1]
		}
		list = append(list, parseRecipient(s, before))
	})
	return list
}

func parseRecipient(s *jsontext.Scanner, before *recipientIn) (to recipientIn) {
	next := 0
	s.Object(func(name []byte) {
		switch recipientNames.Find(name, &next) {
		case 0:
			to.RecipientNo = parseOptional(s, optional{})
		case 1:
			to.Content = parseOptional(s, before.Content)
		case 2:
			to.ImageSeq = s.Int()
		case 3:
			to.ImageLink = s.Same(before.ImageLink)
		case 4:
			to.Buttons = parseButtons(s, before.Buttons)
		case 5:
			to.IsAd = parseAnswer(s).pointer()
		case 6:
			to.Resend = parseResend(s, before.Resend)
		case 7:
			to.RecipientGroupingKey = s.Text()
		}
	})
	return to
}

func parseOptional(s *jsontext.Scanner, before optional) optional {
	return optional{given: s.Kind() != jsontext.Null, text: s.Same(before.text)}
}

func (o optional) pointer() *string {
	if !o.given {
		return nil
	}
	return &o.text
}

func parseAnswer(s *jsontext.Scanner) answerIn {
	null := s.Kind() == jsontext.Null
	switch yes := s.Bool(); {
	case null:
		return notSaid
	case yes:
		return saidYes
	}
	return saidNo
}

func (a answerIn) pointer() *bool {
	if a == notSaid {
		return nil
	}
	return new(a == saidYes)
}

// parseButtons returns before where that is equal.
func parseButtons(s *jsontext.Scanner, before []button) []button {
	var room [8]button
	list := room[:0]
	s.Array(func() {
		var old button
		if n := len(list); n < len(before) {
			old = before[n]
		}
		list = append(list, parseButton(s, old))
	})
	if slices.Equal(list, before) {
		return before
	}
	return slices.Clone(list)
}

func parseButton(s *jsontext.Scanner, before button) (b button) {
	next := 0
	s.Object(func(name []byte) {
		switch buttonNames.Find(name, &next) {
		case 0:
			b.Ordering = s.Int()
		case 1:
			b.Type = s.Same(before.Type)
		case 2:
			b.Name = s.Same(before.Name)
		case 3:
			b.LinkMo = s.Same(before.LinkMo)
		case 4:
			b.LinkPC = s.Same(before.LinkPC)
		case 5:
			b.SchemeIOS = s.Same(before.SchemeIOS)
		case 6:
			b.SchemeAndroid = s.Same(before.SchemeAndroid)
		}
	})
	return b
}

// parseResend returns before where that is equal, and nil for null.
func parseResend(s *jsontext.Scanner, before *resendIn) *resendIn {
	if s.Kind() == jsontext.Null {
		s.Skip()
		return nil
	}
	if before == nil {
		before = &resendIn{}
	}
	var p resendIn
	next := 0
	s.Object(func(name []byte) {
		switch resendNames.Find(name, &next) {
		case 0:
			p.IsResend = parseAnswer(s)
		case 1:
			p.Type = s.Same(before.Type)
		case 2:
			p.Title = s.Same(before.Title)
		case 3:
			p.Content = s.Same(before.Content)
		case 4:
			p.SendNo = s.Same(before.SendNo)
		case 5:
			p.UnsubscribeNo = s.Same(before.UnsubscribeNo)
		}
	})
	if p == *before {
		return before
	}
	return &p
}
