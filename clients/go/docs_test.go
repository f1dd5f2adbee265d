package canvasback

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The examples of docs/go.md are those that run here, word by word.
func TestTheExamplesOfTheDocumentRun(t *testing.T) {
	source := string(must(os.ReadFile("example_test.go")))
	files := token.NewFileSet()
	file := must(parser.ParseFile(files, "example_test.go", source, parser.SkipObjectResolution))
	bodies := map[string]bool{}
	for _, declared := range file.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(function.Name.Name, "Example") {
			continue
		}
		body := source[files.Position(function.Body.Lbrace).Offset+2 : files.Position(function.Body.Rbrace).Offset]
		body, output, tested := strings.Cut(body, "\t// Output: ")
		if !tested || output == "" {
			t.Errorf("%s has no output to be compared", function.Name.Name)
		}
		body = regexp.MustCompile(`(?m)^\t`).ReplaceAllString(body, "")
		bodies[strings.ReplaceAll(body, "\t", "    ")] = true // the document has no tabs
	}
	document := string(must(os.ReadFile("../../docs/go.md")))
	blocks := regexp.MustCompile("(?ms)^```go\n(.*?)^```").FindAllStringSubmatch(document, -1)
	for i, block := range blocks {
		if i > 0 && !bodies[block[1]] { // the first is what they share
			t.Errorf("this example does not run as a test:\n%s", block[1])
		}
		delete(bodies, block[1])
	}
	for body := range bodies {
		t.Errorf("this example is not in the document:\n%s", body)
	}
}
