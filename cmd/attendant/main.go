// Command attendant answers a support line. "attendant serve" is the program;
// the other commands call it, look into what it has recorded, and check what it
// needs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"attendant/console"
)

func main() {
	signals := make(chan os.Signal, 4) // more than that say nothing new
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	p := &program{ctx: context.Background(), signals: signals, environ: os.Environ(), in: os.Stdin, out: os.Stdout, errout: os.Stderr}
	os.Exit(p.run(os.Args[1:]))
}

// program is what every command works with.
type program struct {
	ctx         context.Context //nolint:containedctx // of the whole run; a command is one function
	signals     <-chan os.Signal
	environ     []string
	in          io.Reader
	out, errout io.Writer
	settings    string // the settings file
}

// commands are the program's commands and flags.
type commands struct {
	Settings string `help:"Settings file (YAML)." type:"path"`

	Serve      serveCommand      `cmd:"" help:"Answer calls."`
	Demo       demoCommand       `cmd:"" help:"Answer calls, and place one to see it work."`
	Call       callCommand       `cmd:"" help:"Call a SIP address, speak and listen."`
	Chat       chatCommand       `cmd:"" help:"Talk with the attendant in the terminal."`
	Say        sayCommand        `cmd:"" help:"Speak a text into a WAV file."`
	Transcribe transcribeCommand `cmd:"" help:"Recognise a WAV file."`
	Calls      callsCommand      `cmd:"" help:"List, show and play calls."`
	Retention  retentionCommand  `cmd:"" help:"Remove what the settings say is too old; --dry-run tells it."`
	Numbers    numbersCommand    `cmd:"" help:"What a call to each of our numbers does."`
	Trunks     trunksCommand     `cmd:"" help:"Carriers and PBXs."`
	Agents     agentsCommand     `cmd:"" help:"Agents of a running server: what they do, and their state."`
	Queues     queuesCommand     `cmd:"" help:"Queues of a running server: who waits, and how they do."`
	Agent      agentCommand      `cmd:"" help:"A scripted agent for tests: registers a phone, takes or declines calls, and tells what it has heard as JSON."`
	Order      orderCommand      `cmd:"" help:"Have a live call of a running server do something: listen, whisper, barge, take-over, say, end, hold, ..."`
	Phones     phonesCommand     `cmd:"" help:"Agents' phones that may register with us."`
	Dial       dialCommand       `cmd:"" help:"Call a number over a trunk and hold the company's conversation."`
	Check      checkCommand      `cmd:"" help:"Check a company's folder."`
	Evaluate   evaluateCommand   `cmd:"" help:"Measure understanding on your own data: JSON lines in, JSON lines out."`
	Doctor     doctorCommand     `cmd:"" help:"Tell what is installed and how fast it is."`
	Openapi    openapiCommand    `cmd:"" help:"Print the description of the HTTP API."`
	Version    versionCommand    `cmd:"" help:"Tell the version."`
}

// run is the program without signals: it ends with ctx.
func run(ctx context.Context, args, environ []string, in io.Reader, out, errout io.Writer) int {
	p := &program{ctx: ctx, environ: environ, in: in, out: out, errout: errout}
	return p.run(args)
}

// run is the program: it returns the exit status, 0 where all went well, 2 for
// wrong settings or usage, 1 for all else.
func (p *program) run(args []string) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("attendant"), kong.Description("Answers a support line by voice."),
		kong.Writers(p.out, p.errout), kong.Exit(func(status int) { exit = status }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(p.errout, err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // help was asked for
		return exit
	}
	if err != nil {
		fmt.Fprintln(p.errout, "attendant:", err)
		return 2
	}
	p.settings = c.Settings
	if parsed.Command() != "serve" { // which ends as its calls allow
		ctx, stop := interruptible(p.ctx, p.signals)
		defer stop()
		p.ctx = ctx
	}
	err = parsed.Run(p)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSettings):
		fmt.Fprintln(p.errout, err)
		return 2
	}
	fmt.Fprintln(p.errout, "attendant:", err)
	return 1
}

// load returns the settings with a command's flags on top of them.
func (p *program) load(flags common) (config, error) {
	c, err := loadConfig(p.settings, p.environ)
	flags.apply(&c)
	return c, errors.Join(err, c.validate())
}

func (p *program) logger(c config) *slog.Logger {
	var level slog.Level
	// The settings have been validated.
	_ = level.UnmarshalText([]byte(c.LogLevel))
	return slog.New(slog.NewTextHandler(p.errout, &slog.HandlerOptions{Level: level}))
}

// common are the flags of commands that use the data folder.
type common struct {
	Data string `help:"Data folder." placeholder:"DIR"`
}

func (f common) apply(c *config) {
	if f.Data != "" {
		c.Data = f.Data
	}
}

type versionCommand struct{}

// Run prints the version that the binary was built from.
func (versionCommand) Run(p *program) error {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version += " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	_, err := fmt.Fprintln(p.out, "attendant", version)
	return err
}

type openapiCommand struct{}

// Run prints the description of the HTTP API, OpenAPI 3.1 as JSON.
func (openapiCommand) Run(p *program) error {
	description, err := console.Description()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "%s\n", description)
	return err
}
