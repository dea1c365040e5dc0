package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// WriteReference writes the command line's reference into dir: an index, and one Markdown file for each command with
// its sub-commands. Files of commands that are gone are removed.
func WriteReference(dir string) error {
	root := newRootCommand(newApp(Build{Version: "reference"}, nil, io.Discard, io.Discard))
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "README.md"), referenceIndex(root), 0o644); err != nil {
		return err
	}
	for _, command := range root.Commands() {
		var page bytes.Buffer
		describeCommand(&page, command, 1)
		if err := os.WriteFile(filepath.Join(dir, command.Name()+".md"), page.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func referenceIndex(root *cobra.Command) []byte {
	var page bytes.Buffer
	fmt.Fprintf(&page, "# smm\n\nGenerated from the program by `make generate`.\n\n%s\n", root.Long)
	for _, group := range root.Groups() {
		fmt.Fprintf(&page, "\n## %s\n\n", strings.TrimSuffix(group.Title, ":"))
		for _, command := range root.Commands() {
			if command.GroupID == group.ID {
				fmt.Fprintf(&page, "- [smm %s](%s.md): %s\n", command.Name(), command.Name(), command.Short)
			}
		}
	}
	fmt.Fprintf(&page, "\n## Flags of all commands\n\n```\n%s```\n", root.PersistentFlags().FlagUsages())
	page.WriteString("\n## Exit codes\n\n0: done. 1: failed. 2: the command line is wrong, and nothing was done. 3: `smm analyze` has" +
		" found something that its --fail-on names. 130: interrupted.\n")
	return page.Bytes()
}

func describeCommand(page *bytes.Buffer, command *cobra.Command, level int) {
	fmt.Fprintf(page, "%s %s\n\n%s\n", strings.Repeat("#", level), command.CommandPath(), sentence(command.Short))
	if command.Long != "" {
		fmt.Fprintf(page, "\n%s\n", command.Long)
	}
	if !command.HasSubCommands() {
		fmt.Fprintf(page, "\n```\n%s\n```\n", command.UseLine())
	}
	if command.HasExample() {
		fmt.Fprintf(page, "\nExamples:\n\n```\n%s\n```\n", command.Example)
	}
	if command.HasAvailableLocalFlags() {
		fmt.Fprintf(page, "\nFlags:\n\n```\n%s```\n", command.LocalFlags().FlagUsages())
	}
	for _, sub := range command.Commands() {
		if sub.IsAvailableCommand() {
			page.WriteString("\n")
			describeCommand(page, sub, level+1)
		}
	}
}

func sentence(text string) string { return strings.TrimSuffix(text, ".") + "." }
