package models

import "fmt"

// Channel is how messages of one kind are composed, checked, sent, listed and
// cancelled. Its rules for what is composed are in a file of its own here, as
// friendtalk.go; how it is sent is in one of internal/actions.
type Channel string

// The channels.
const (
	FriendTalk Channel = "friendtalk" // messages to the friends of a sender
	BrandTalk  Channel = "brandtalk"  // registered templates, also to others
)

// Channels are all channels.
func Channels() []Channel { return []Channel{FriendTalk, BrandTalk} }

// Limits are how much a message may hold. Lengths are in [kakao.Len] units.
type Limits struct {
	Text       int
	Buttons    int
	ButtonName int
	Link       int // of a button or an image
}

// rules are what differs between channels in composing.
type rules interface {
	// limits of a message, which depend on whether it has an image, and how wide.
	limits(c Content) Limits
	// buttonTypes are the kinds of buttons, the most usual first.
	buttonTypes() []string
	// check finds what is wrong with the content whatever the recipients are.
	check(c Content, p problems)
	// length of the text as the limit counts it.
	length(text string) int
}

func (ch Channel) rules() rules {
	switch ch {
	case FriendTalk:
		return friendTalk{}
	case BrandTalk:
		return brandTalk{}
	}
	panic(fmt.Errorf("no channel %q", ch))
}

// Limits are how much a message may hold that is composed so far as c.
func (ch Channel) Limits(c Content) Limits { return ch.rules().limits(c) }

// ButtonTypes are the kinds of buttons of the channel, kakao.Button…, the most usual
// first.
func (ch Channel) ButtonTypes() []string { return ch.rules().buttonTypes() }

// Length is how long the text of a message is that has not been put together for
// anybody yet: FriendTalk counts what we send, in which defaults stand in for
// variables; BrandTalk counts the template with its variables.
func (ch Channel) Length(text string) int { return ch.rules().length(text) }

// Check finds what is wrong with c whatever the recipients are, as an error with
// the fields of the form: text, image, image-link, buttons, button-0-name,
// button-0-link and so on, message-type, content-type, unsubscribe and auth.
func (ch Channel) Check(c Content) error {
	p := problems{}
	ch.rules().check(c, p)
	return p.err()
}
