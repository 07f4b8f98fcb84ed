// causeway-cli shares and fetches files without a window. It runs the same
// engine as Causeway's window; scripts read its exit code and, with --json, one
// object a line. app/cli/README.md is the contract of both.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/alecthomas/kong"

	"github.com/causeway-app/causeway/assets"
)

// clientName is what peers are told.
const clientName = assets.Name + " " + assets.Version

// programName is usage texts and errors call this program.
const programName = "causeway-cli"

// description is the first thing that --help says.
const description = `Send files straight from one computer to another.

"send" prints an invitation and shares until Ctrl-C; "receive" fetches what an
invitation offers. Whoever has the invitation can fetch the files: give it only
to those they are meant for.

Exit codes: 0 done, 1 failed, 2 usage, 3 no path to any peer, 130 interrupted.`

func main() {
	os.Exit(run(os.Args[1:], newConsole(os.Stdin, os.Stdout, os.Stderr)))
}

// commandLine is the grammar of causeway-cli.
type commandLine struct {
	Send     sendCommand     `cmd:"" help:"Share files and folders until Ctrl-C. The invitation is stdout's first line."`
	Receive  receiveCommand  `cmd:"" help:"Fetch what an invitation offers."`
	Serve    serveCommand    `cmd:"" help:"Run a rendezvous, STUN and TURN server of your own."`
	Netcheck netcheckCommand `cmd:"" help:"Find out what this network allows, and test each STUN and TURN server."`
	Version  versionCommand  `cmd:"" help:"Print the version."`

	LogLevel string `enum:"off,error,warn,info,debug" default:"off" placeholder:"LEVEL" help:"Log to stderr: off, error, warn, info or debug (${default})."`
}

// run is the whole program; it returns the exit code.
func run(arguments []string, c *console) int {
	var line commandLine
	exited := -1
	parser, err := kong.New(&line,
		kong.Name(programName),
		kong.Description(description),
		kong.Writers(c.out, c.err),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
	)
	if err != nil {
		panic(err) // the grammar above is wrong; a test parses it
	}
	parsed, err := parser.Parse(arguments)
	if exited >= 0 { // --help was answered
		return exited
	}
	if err != nil {
		return c.fail(parseError(err))
	}
	ctx, stop := untilTold(context.Background())
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	return c.fail(parsed.Run(c, newLogger(line.LogLevel, c.err)))
}

// parseError says which command's help to look at.
func parseError(err error) error {
	command := ""
	var parsing *kong.ParseError
	if errors.As(err, &parsing) && parsing.Context.Selected() != nil {
		command = parsing.Context.Selected().Name
	}
	return badUsage(command, err)
}

// newLogger returns a silent logger for "off".
func newLogger(level string, to io.Writer) *slog.Logger {
	var threshold slog.Level
	if threshold.UnmarshalText([]byte(level)) != nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{Level: threshold}))
}

type versionCommand struct{}

// Run prints the version alone.
func (versionCommand) Run(c *console) error {
	_, err := fmt.Fprintln(c.out, programName, assets.Version)
	return err
}
