package openaitest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sashabaranov/go-openai"

	"attendant/speech/openai/openaitest"
)

func client(url string, http openai.HTTPDoer, key string) *openai.Client {
	c := openai.DefaultConfig(key)
	c.BaseURL = url
	if http != nil {
		c.HTTPClient = http
	}
	return openai.NewClientWithConfig(c)
}

var question = openai.ChatCompletionRequest{Model: "m", Messages: []openai.ChatCompletionMessage{{Role: "user", Content: "hello"}}}

// TestServesGoOpenAI asks for all that the double does with the client that the
// program uses, over a socket and without one.
func TestServesGoOpenAI(t *testing.T) {
	d := &openaitest.Server{Key: "k", Reply: func(q openai.ChatCompletionRequest) string { return "you said " + q.Messages[0].Content }}
	web := httptest.NewServer(d)
	defer web.Close()
	for _, c := range []*openai.Client{client(web.URL+"/v1", nil, "k"), client(openaitest.URL, d.Client(), "k")} {
		whole, err := c.CreateChatCompletion(t.Context(), question)
		if err != nil || whole.Choices[0].Message.Content != "you said hello" || whole.Usage.TotalTokens == 0 {
			t.Errorf("%+v, %v", whole, err)
		}
		stream, err := c.CreateChatCompletionStream(t.Context(), question)
		if err != nil {
			t.Fatal(err)
		}
		var streamed []string
		for {
			part, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			streamed = append(streamed, part.Choices[0].Delta.Content)
		}
		stream.Close()
		if len(streamed) != 3 || strings.Join(streamed, "") != "you said hello" {
			t.Errorf("streamed %q", streamed)
		}
		heard, err := c.CreateTranscription(t.Context(), openai.AudioRequest{Model: "m", FilePath: "a.wav", Reader: bytes.NewReader([]byte("RIFF")), Format: openai.AudioResponseFormatVerboseJSON})
		if err != nil || heard.Text != "where is my order" || len(heard.Segments) != 1 {
			t.Errorf("%+v, %v", heard, err)
		}
		spoken, err := c.CreateSpeech(t.Context(), openai.CreateSpeechRequest{Model: "m", Input: "hi", Voice: "ann", ResponseFormat: "pcm"})
		if err != nil {
			t.Fatal(err)
		}
		if data, err := io.ReadAll(spoken); err != nil || len(data) != 2*2*openaitest.RateHz*60/1000 {
			t.Errorf("%d octets, %v", len(data), err)
		}
	}
	if d.Asked(openaitest.Chat) != 4 || d.LastChat().Messages[0].Content != "hello" || string(d.LastHeard().WAV) != "RIFF" || d.LastSpoken().Input != "hi" {
		t.Errorf("%d chats, the last %+v", d.Asked(openaitest.Chat), d.LastChat())
	}
	if _, err := client(openaitest.URL, d.Client(), "wrong").CreateChatCompletion(t.Context(), question); err == nil || !strings.Contains(err.Error(), "key wrong") {
		t.Errorf("a wrong key: %v", err)
	}
}

// TestWaysOfFailing answers a chat in each way, timed without waiting.
func TestWaysOfFailing(t *testing.T) {
	for _, test := range []struct {
		way  string
		took time.Duration
		fail string // part of the error; empty is none
	}{
		{"well", 0, ""},
		{"slow:300ms", 300 * time.Millisecond, ""},
		{"hang", time.Second, "deadline"},
		{"midway", time.Second, "deadline"},
		{"cut", 0, "EOF"},
		{"cutmidway", 0, "EOF"},
		{"429", 0, "429"},
		{"503", 0, "503"},
		{"garbage", 0, "invalid character"},
		{"schema", 0, ""},
	} {
		t.Run(test.way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &openaitest.Server{}
				way, err := openaitest.ParseWay(test.way)
				if err != nil {
					t.Fatal(err)
				}
				d.Set(openaitest.Chat, way)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				answer, err := client(openaitest.URL, d.Client(), "").CreateChatCompletion(ctx, question)
				if (err == nil) != (test.fail == "") || err != nil && !strings.Contains(err.Error(), test.fail) || time.Since(begin) != test.took {
					t.Errorf("%v after %v, want %q after %v", err, time.Since(begin), test.fail, test.took)
				}
				if (len(answer.Choices) == 0) != (test.fail != "" || test.way == "schema") {
					t.Errorf("answer %+v", answer)
				}
			})
		})
	}
	for _, bad := range []string{"sing", "slow", "slow:x", "hang:1s", "200", "600"} {
		if _, err := openaitest.ParseWay(bad); err == nil {
			t.Errorf("%q is taken for a way", bad)
		}
	}
}

func TestWaysAreChangedWhileItServes(t *testing.T) {
	d := &openaitest.Server{}
	web := httptest.NewServer(d)
	defer web.Close()
	put := func(path string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, web.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	c := client(web.URL+"/v1", nil, "")
	if put("/double/chat?way=500") != 200 || put("/double/chat?way=sing") != 400 || put("/double/song?way=hang") != 404 {
		t.Error("the switches answer wrongly")
	}
	if _, err := c.CreateChatCompletion(t.Context(), question); err == nil {
		t.Error("a fault that was asked for did not come")
	}
	put("/double/all?way=well")
	if _, err := c.CreateChatCompletion(t.Context(), question); err != nil {
		t.Error(err)
	}
}
