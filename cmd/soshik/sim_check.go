package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"soshik/internal/nhn/conformance"
)

// check asks a server of the provider's API whether it does what it should. Unless it
// is told where, that is the simulator that "soshik sim" serves.
type check struct {
	URL            string        `name:"url" default:"http://127.0.0.1:8090" help:"Where the server is."`
	Appkey         string        `default:"demoappkey" help:"The project to look at."`
	Secret         string        `env:"SOSHIK_SECRET" default:"demosecret" help:"Its secret key. Best given by the variable: others on this machine see a command's flags."`
	SenderVersion  string        `enum:",v2.1,v2.0" default:"" help:"Of the sender API, v2.1 or v2.0; both unless set."`
	ConvertToBrand bool          `help:"Send X-Convert-To-Brand-Message, without which FriendTalk is refused since 2025-12-30."`
	Timeout        time.Duration `default:"30s" help:"Of a call."`
	Group          string        `help:"Sender key of a group to read. A simulator tells one itself."`
	Sender         string        `help:"plusFriendId of the sender to send from; the first that can unless set."`

	Write     bool     `help:"Change things too: register, upload, schedule, cancel, delete. What was there is there afterwards."`
	To        []string `help:"With --write: numbers that messages are really sent to; without, none is sent."`
	Register  string   `help:"With --write: plusFriendId of a channel to register. On a simulator, one is made up."`
	Phone     string   `help:"With --register: number of the channel's administrator, who gets a token."`
	SMSAppkey string   `name:"sms-appkey" help:"With --write: SMS appkey to set. For a moment this resets the fallback of all senders."`
}

// errChecks is returned where a check has failed.
var errChecks = errors.New("the server does not do what it should")

// Validate refuses flags that mean nothing without another.
func (c *check) Validate() error {
	switch {
	case !c.Write && (len(c.To) > 0 || c.Register != "" || c.SMSAppkey != ""):
		return errors.New("--to, --register and --sms-appkey need --write")
	case (c.Register == "") != (c.Phone == ""):
		return errors.New("--register and --phone go together")
	}
	return nil
}

// Run makes the checks, a line each, and fails when one of them does.
func (c *check) Run(ctx context.Context) error { return c.run(ctx, os.Stdout) }

func (c *check) run(ctx context.Context, out io.Writer) error {
	target := conformance.Target{
		BaseURL: c.URL, Appkey: c.Appkey, Secret: c.Secret, SenderVersion: c.SenderVersion, ConvertToBrand: c.ConvertToBrand, Timeout: c.Timeout,
	}
	options := conformance.Options{
		Write: c.Write, To: c.To, Sender: c.Sender, Group: c.Group, SMSAppkey: c.SMSAppkey,
		Register: conformance.Registration{PlusFriendID: c.Register, PhoneNo: c.Phone},
	}
	counts := conformance.Run(ctx, target, options, func(r conformance.Result) { printResult(out, r) })
	n := 0
	for _, k := range counts {
		n += k
	}
	fmt.Fprintf(out, "\n%d checks: %d ok, %d failed, %d skipped, %d ended\n", n,
		counts[conformance.OK], counts[conformance.Failed], counts[conformance.Skipped], counts[conformance.Ended])
	switch {
	case ctx.Err() != nil:
		return errors.New("stopped")
	case counts[conformance.Failed] > 0:
		return errChecks
	}
	return nil
}

// nameWidth is how wide the column of names is; few are longer.
const nameWidth = 64

// printResult is such as "ok        6  the senders are listed (v2.1)   2 of 2 senders".
func printResult(out io.Writer, r conformance.Result) {
	endpoint := ""
	if r.Endpoint > 0 {
		endpoint = fmt.Sprint(r.Endpoint)
	}
	line := fmt.Sprintf("%-7s %3s  %s", r.Status, endpoint, r.Name)
	if r.Detail != "" {
		line = fmt.Sprintf("%-*s  %s", nameWidth+len(line)-utf8.RuneCountInString(line)+13, line, r.Detail)
	}
	fmt.Fprintln(out, line)
}
