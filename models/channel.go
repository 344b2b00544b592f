package models

import "fmt"

// Channel is how messages of one kind are composed, checked, sent, listed and
// cancelled. Its rules for what is composed are in a file of its own here, as
// friendtalk.go; how it is sent is in one of internal/actions.
type Channel string

// FriendTalk messages go to the friends of a sender.
const FriendTalk Channel = "friendtalk"

// Channels are all channels.
func Channels() []Channel { return []Channel{FriendTalk} }

// rules are what differs between channels in composing.
type rules interface {
	// check finds what is wrong with the content whatever the recipients are.
	check(c Content, p problems)
	// fits says why a message that has been put together cannot be sent: a skip
	// reason, empty if it can.
	fits(m Composed) string
}

func (ch Channel) rules() rules { //nolint:unparam // the empty struct of the only channel is taken for nil
	if ch == FriendTalk {
		return friendTalk{}
	}
	panic(fmt.Errorf("no channel %q", ch))
}

// Check finds what is wrong with c whatever the recipients are, as an error with
// the fields of the form: text, and button-0-name and button-0-link and so on.
func (ch Channel) Check(c Content) error {
	p := problems{}
	ch.rules().check(c, p)
	return p.err()
}
