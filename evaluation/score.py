#!/usr/bin/env python3
"""Score an `ipsqa` command on judged questions and topics about the shipped corpus.

    python score.py [--ipsqa "ipsqa"] [--data DIR] [--only search,find,ask,cite,outline] [--json]

DIR (default: this file's folder) holds questions.jsonl, topics.jsonl, outline.json and pages.json.
Only the standard library is used. The command is called in batch mode, as the design's
"Commands and their JSON" section defines it, so the score sees just what a user would see.

A gold quote counts as covered by a text when at least half of its 20-character shingles occur in it,
both reduced to lower-case letters and digits: spacing, hyphenation and punctuation play no part.
"""
from __future__ import annotations

import argparse
import collections
import json
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

SHINGLE, STEP = 20, 5
ASKED = ("factoid", "descriptive", "multi")  # types put to `ask` as answerable
TEXTS = {
    "book": "working-together-2011.txt",
    "abstract": "multi-professional-work-practices-2017.txt",
    "new-openings": "new-openings.txt",
    "eu-mia": "eu-mia-2013.txt",
}


def squeeze(text: str) -> str:
    """`text` reduced to lower-case letters and digits."""
    return re.sub(r"[\W_]", "", text.lower())


def coverage(quote: str, text: str) -> float:
    """Share (0 to 1) of the quote's shingles found in `text`."""
    q, t = squeeze(quote), squeeze(text)
    if q in t:
        return 1.0
    starts = range(0, max(1, len(q) - SHINGLE + 1), STEP)
    return sum(q[i : i + SHINGLE] in t for i in starts) / len(starts)


def overlaps(passage: dict, judgment: dict) -> bool:
    """Whether a passage shares source lines with a judgment."""
    first, last = passage["lines"]
    return (
        passage["doc"] == judgment["doc"]
        and first <= judgment["end_line"]
        and judgment["start_line"] <= last
    )


def run(command: list[str], verb: str, queries: list[dict], *options: str) -> tuple[list[dict], float]:
    """Results of `verb` for the queries, in order, and the seconds the whole call took."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as batch:
        for query in queries:
            batch.write(json.dumps(query, ensure_ascii=False) + "\n")
        batch.flush()
        began = time.perf_counter()
        done = subprocess.run([*command, verb, "--batch", batch.name, *options], capture_output=True, text=True)
        took = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{verb} failed ({done.returncode}): {done.stderr.strip()[-600:]}")
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    if [row["id"] for row in rows] != [query["id"] for query in queries]:
        sys.exit(f"{verb}: the ids that came back are not those sent, in order")
    return rows, took


def mean(values: list[float]) -> float:
    return round(statistics.fmean(values), 4) if values else float("nan")


def score_search(command: list[str], items: list[dict]) -> dict:
    """Recall of gold evidence at 1, 5, 10 and 20 hits, and the first relevant hit's reciprocal rank."""
    items = [item for item in items if item["evidence"]]
    rows, took = run(command, "search", [{"id": i["id"], "query": i["question"]} for i in items], "-k", "20")
    recall, reciprocal = collections.defaultdict(list), collections.defaultdict(list)
    words = [float(len(hit["text"].split())) for row in rows for hit in row["hits"]]
    for item, row in zip(items, rows, strict=True):
        spans = item["evidence"] + item.get("alt_evidence", []) + item.get("also_ok", [])
        texts = [(hit["doc"], hit["text"]) for hit in row["hits"]]
        found = [
            [doc == e["doc"] and coverage(e["quote"], text) >= 0.5 for doc, text in texts] for e in item["evidence"]
        ]
        anywhere = [any(doc == e["doc"] and coverage(e["quote"], text) >= 0.5 for e in spans) for doc, text in texts]
        for group in ("all", item["type"]):
            for k in (1, 5, 10, 20):
                recall[group, k].append(mean([float(any(f[:k])) for f in found]))
            reciprocal[group].append(1 / (anywhere[:10].index(True) + 1) if any(anywhere[:10]) else 0.0)
    table = {
        group: {**{f"recall@{k}": mean(recall[group, k]) for k in (1, 5, 10, 20)}, "mrr@10": mean(reciprocal[group])}
        for group in sorted(reciprocal)
    }
    return {**table, "words_per_hit": mean(words), "seconds": round(took, 2)}


def score_find(command: list[str], topics: list[dict]) -> dict:
    """Precision (any grade), recall of grade 2 and F1 of what `find` itself decides to return."""
    rows, took = run(command, "find", [{"id": t["id"], "query": t["query"]} for t in topics])
    each = {}
    for topic, row in zip(topics, rows, strict=True):
        passages, judged = row["passages"], topic["judgments"]
        precision = mean([float(any(overlaps(p, j) for j in judged)) for p in passages]) if passages else 0.0
        core = [j for j in judged if j["grade"] == 2]
        recall = mean([float(any(overlaps(p, j) for p in passages)) for j in core])
        recall_any = mean([float(any(overlaps(p, j) for p in passages)) for j in judged])
        f1 = round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0
        each[topic["id"]] = {"precision": precision, "recall2": recall, "recall": recall_any, "f1": f1, "n": len(passages)}
    keys = ("precision", "recall2", "recall", "f1", "n")
    return {"mean": {k: mean([float(e[k]) for e in each.values()]) for k in keys}, **each, "seconds": round(took, 2)}


def score_ask(command: list[str], items: list[dict]) -> dict:
    """Evidence covered by the quotes an answer cites, its length, and answering against refusing."""
    items = [i for i in items if i["type"] in (*ASKED, "unanswerable")]
    rows, took = run(command, "ask", [{"id": i["id"], "query": i["question"]} for i in items])
    covered, words, uncited = collections.defaultdict(list), collections.defaultdict(list), 0
    texts = pathlib.Path(__file__).resolve().parent.parent / "corpus" / "texts"
    source = {doc: squeeze((texts / name).read_text("utf-8")) for doc, name in TEXTS.items()}
    invented = 0
    answered: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    for item, row in zip(items, rows, strict=True):
        kind = "unanswerable" if item["type"] == "unanswerable" else "answerable"
        total[kind] += 1
        answered[kind] += bool(row["answered"])
        for cited in row["citations"] if row["answered"] else []:
            pieces = [p for p in re.split(r"\[?(?:\.\.\.|…)\]?", cited["quote"]) if len(squeeze(p)) >= SHINGLE]
            invented += any(coverage(p, source[cited["doc"]]) < 0.95 for p in pieces)
        if kind == "unanswerable":
            continue
        total[item["type"]] += 1
        answered[item["type"]] += bool(row["answered"])
        quotes = " ".join(c["quote"] for c in row["citations"]) if row["answered"] else ""
        share = mean([float(coverage(e["quote"], quotes) >= 0.5) for e in item["evidence"]])
        text = " ".join(s["text"] for s in row["answer"]) if row["answered"] else ""
        uncited += sum(not s["citations"] for s in row["answer"]) if row["answered"] else 0
        for group in ("all", item["type"]):
            covered[group].append(share)
            if row["answered"]:
                words[group].append(float(len(text.split())))
    kept = answered["answerable"] / max(1, total["answerable"])
    refused = 1 - answered["unanswerable"] / max(1, total["unanswerable"])
    return {
        **{g: {"evidence": mean(covered[g]), "words": mean(words[g])} for g in sorted(covered)},
        "answered_of_answerable": round(kept, 4),
        "refused_of_unanswerable": round(refused, 4),
        "balanced": round((kept + refused) / 2, 4),
        "answered_of_factoid": round(answered["factoid"] / max(1, total["factoid"]), 4),
        "uncited_sentences": uncited,
        "quotes_not_in_source": invented,
        "seconds": round(took, 2),
    }


def score_cite(command: list[str], items: list[dict]) -> dict:
    """Right kind of match, right place, and whether every altered word is reported."""
    expected = {"quote_exact": "exact", "quote_altered": "altered", "paraphrase": "paraphrase", "unanswerable": "none"}
    items = [i for i in items if i["type"] in expected and i["type"] != "unanswerable"]
    rows, took = run(command, "cite", [{"id": i["id"], "query": i["question"]} for i in items])
    result = collections.defaultdict(lambda: collections.defaultdict(list))
    for item, row in zip(items, rows, strict=True):
        kind, passage = item["type"], row.get("passage") or {}
        at = [
            passage.get("doc") == e["doc"] and coverage(e["quote"], passage.get("quote") or passage.get("text", "")) >= 0.5
            for e in item["evidence"]
        ]
        result[kind]["kind"].append(float(row["match"] == expected[kind]))
        result[kind]["place"].append(float(any(at)))
        if kind == "quote_altered":
            said = squeeze(" ".join(f"{d.get('given', '')} {d.get('source', '')}" for d in row.get("differences", [])))
            pairs = [squeeze(word) for pair in item["altered"] for word in pair]
            changed = [w for w in pairs if w]
            result[kind]["words"].append(mean([float(any(t in said for t in (w, w[:12]))) for w in changed]))
    return {kind: {k: mean(v) for k, v in rows_.items()} for kind, rows_ in result.items()} | {"seconds": round(took, 2)}


def score_outline(command: list[str], nodes: list[dict], pages: list[dict]) -> dict:
    """Headings found (title and line within 2), practices, and printed pages line by line."""
    low, high = nodes[0]["line"], max(n["end_line"] for n in nodes)
    done = subprocess.run([*command, "outline", "book", "--format", "json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"outline failed: {done.stderr.strip()[-600:]}")
    book = json.loads(done.stdout)
    got = [s for s in book["sections"] if low <= s["line"] <= high]

    def same(a: dict, b: dict) -> bool:
        return abs(a["line"] - b["line"]) <= 2 and (
            squeeze(a["title"]).startswith(squeeze(b["title"])[:25]) or squeeze(b["title"]).startswith(squeeze(a["title"])[:25])
        )

    hit = [n for n in nodes if any(same(s, n) for s in got)]
    true = [s for s in got if any(same(s, n) for n in nodes)]
    precision, recall = len(true) / max(1, len(got)), len(hit) / len(nodes)
    practices = [n for n in nodes if n["kind"] == "practice"]
    chapters = [n for n in nodes if n["level"] == 1]
    sure = [p for p in pages if p["confidence"] == "exact" and p["printed_page"]]
    starts = sorted((p["line"], str(p["page"])) for p in book["pages"])

    def page_at(line: int) -> str | None:
        before = [label for first, label in starts if first <= line]
        return before[-1] if before else None

    return {
        "headings_f1": round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0,
        "headings_precision": round(precision, 4),
        "headings_recall": round(recall, 4),
        "practices": f"{sum(n in hit for n in practices)}/{len(practices)}",
        "chapters": f"{sum(n in hit for n in chapters)}/{len(chapters)}",
        "pages_exact": mean([float(page_at(p["line"]) == str(p["printed_page"])) for p in sure]),
    }


def main() -> None:
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ipsqa", default="ipsqa", help="the command to score, split as a shell would")
    parser.add_argument("--data", type=pathlib.Path, default=here)
    parser.add_argument("--only", default="search,find,ask,cite,outline")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    command, parts = shlex.split(given.ipsqa), given.only.split(",")

    def lines(name: str) -> list[dict]:
        return [json.loads(line) for line in (given.data / name).read_text("utf-8").splitlines() if line]

    items, topics = lines("questions.jsonl"), lines("topics.jsonl")
    outline, pages = (json.loads((given.data / n).read_text("utf-8")) for n in ("outline.json", "pages.json"))
    jobs = {
        "search": lambda: score_search(command, items),
        "find": lambda: score_find(command, topics),
        "ask": lambda: score_ask(command, items),
        "cite": lambda: score_cite(command, items),
        "outline": lambda: score_outline(command, outline, pages),
    }
    report = {part: jobs[part]() for part in parts}
    if given.json:
        print(json.dumps(report, indent=1))
        return
    for part, table in report.items():
        print(f"== {part}")
        for name, value in table.items():
            shown = "  ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
            print(f"   {name:<26} {shown}")


if __name__ == "__main__":
    main()
