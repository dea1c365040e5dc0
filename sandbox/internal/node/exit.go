package node

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// Limits of a termination message: of one that a container wrote, and of one taken from its log.
const (
	maxMessage      = 4096
	maxLogMessage   = 2048
	maxMessageLines = 80
)

// startErrorCode is the exit code of a container whose program could not be run.
const startErrorCode = 128

// exitState tells how an attempt ended.
func exitState(status container.ExitStatus, id, message string) corev1.ContainerStateTerminated {
	exit := corev1.ContainerStateTerminated{
		ExitCode: int32(status.Code), Signal: int32(status.Signal), Reason: "Completed", Message: message,
		StartedAt: metav1.NewTime(status.Started), FinishedAt: metav1.NewTime(status.Finished), ContainerID: id,
	}
	switch {
	case status.OOMKilled:
		exit.Reason = "OOMKilled"
	case status.Code != 0:
		exit.Reason = "Error"
	}
	return exit
}

// messageFile makes the empty file in which an attempt of a container may leave its last words.
func messageFile(dir, name string, attempt int) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the file for the termination message: %w", err)
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%d", name, attempt))
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		return "", fmt.Errorf("making the file for the termination message: %w", err)
	}
	return path, nil
}

// terminationMessage is what an attempt left in its message file; if that is nothing, the attempt failed
// and the container's policy says so, it is the end of its log.
func terminationMessage(c *corev1.Container, file, log string, failed bool) string {
	if message := head(file, maxMessage); len(message) > 0 {
		return string(message)
	}
	if !failed || c.TerminationMessagePolicy != corev1.TerminationMessageFallbackToLogsOnError {
		return ""
	}
	return lastLines(tail(log, 4*maxLogMessage))
}

// lastLines returns the end of a log without the prefixes of its lines.
func lastLines(log []byte) string {
	lines := bytes.SplitAfter(log, []byte("\n"))
	if len(lines) > maxMessageLines+1 { // what follows the last newline is empty
		lines = lines[len(lines)-maxMessageLines-1:]
	}
	var text []byte
	for _, line := range lines {
		text = append(text, content(line)...)
	}
	if len(text) > maxLogMessage {
		text = text[len(text)-maxLogMessage:]
	}
	return string(text)
}

// content is what a container wrote of a line of its log: all after time, stream and tag. A line that
// goes on in the next one has no newline of its own.
func content(line []byte) []byte {
	fields := bytes.SplitN(line, []byte(" "), 4)
	if len(fields) < 4 {
		return nil
	}
	if string(fields[2]) == "P" {
		return bytes.TrimSuffix(fields[3], []byte("\n"))
	}
	return fields[3]
}

func head(path string, limit int64) []byte {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	data, _ := io.ReadAll(io.LimitReader(file, limit))
	return data
}

func tail(path string, limit int64) []byte {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.Size() > limit {
		if _, err := file.Seek(-limit, io.SeekEnd); err != nil {
			return nil
		}
	}
	data, _ := io.ReadAll(io.LimitReader(file, limit))
	return data
}
