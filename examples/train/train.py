#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small language model, trained by several ranks that may die at any moment.

It is the smallest program that does what a large training run does: data-parallel ranks that meet over
the network, a step that needs all of them, checkpoints, a restart that goes on where the last one ended,
and a loss that shows whether anything was learned. It knows Slurm's variables (SLURM_PROCID and so on)
and torchrun's (RANK and so on); it knows nothing of Ampacity, and that is the point.

Only rank 0 touches the disk. The others get the text and the checkpoint from it, so that no shared
file system is needed, and no two ranks can ever begin from different steps.

Exit codes: 0 done; 1 a peer is gone; 2 wrong settings; 143 stopped by SIGTERM, after a checkpoint.
"""
from __future__ import annotations

import os
import signal

# Before the slow import below: a warning that comes early must not kill us, and the arithmetic
# libraries read their number of threads once, when they are loaded.
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import hashlib
import json
import math
import re
import sys
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

import make_corpus

STOPPED = 128 + signal.SIGTERM
KEPT_CHECKPOINTS = 2  # the newest, and one more in case that the newest cannot be read


# ---- the model --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """The size of the model; part of a checkpoint, which fits no other size."""

    context: int = 64
    width: int = 96
    heads: int = 4
    layers: int = 3


class Block(nn.Module):
    """Attention to what came before, then a small network for each position."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.norm_attention = nn.LayerNorm(shape.width)
        self.norm_network = nn.LayerNorm(shape.width)
        self.query_key_value = nn.Linear(shape.width, 3 * shape.width)
        self.output = nn.Linear(shape.width, shape.width)
        self.widen = nn.Linear(shape.width, 4 * shape.width)
        self.narrow = nn.Linear(4 * shape.width, shape.width)
        future = torch.full((shape.context, shape.context), float("-inf")).triu(1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attend(self.norm_attention(x))
        return x + self.narrow(F.gelu(self.widen(self.norm_network(x))))

    def attend(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        parts = self.query_key_value(x).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-2, -1) / math.sqrt(width // self.heads)
        mixed = (scores + self.future[:length, :length]).softmax(dim=-1) @ value
        return self.output(mixed.transpose(1, 2).reshape(batch, length, width))


class CharacterModel(nn.Module):
    """A causal transformer over characters."""

    def __init__(self, vocabulary: int, shape: Shape) -> None:
        super().__init__()
        self.character = nn.Embedding(vocabulary, shape.width)
        self.position = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width)
        self.apply(self._begin)

    @staticmethod
    def _begin(module: nn.Module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.05)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, characters: Tensor) -> Tensor:
        places = torch.arange(characters.shape[1])
        x = self.character(characters) + self.position(places)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.character.weight.T  # the embedding, read backwards


def loss_of(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())


# ---- the text ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """The text as numbers, cut into what is learned and the last tenth, which is only tested on."""

    alphabet: list[str]
    train: Tensor
    held_out: Tensor

    @staticmethod
    def of(raw: bytes) -> Text:
        text = raw.decode("utf-8")
        alphabet = sorted(set(text))
        number = {character: i for i, character in enumerate(alphabet)}
        numbers = torch.tensor([number[character] for character in text])
        cut = len(numbers) * 9 // 10
        return Text(alphabet, numbers[:cut], numbers[cut:])

    def batch(self, seed: int, step: int, rank: int, count: int, context: int) -> tuple[Tensor, Tensor]:
        """The windows of one rank at one step.

        They follow from their coordinates alone. A restarted run therefore sees the very windows that
        it would have seen, without a generator for each rank in the checkpoint.
        """
        key = hashlib.sha256(f"{seed}/{step}/{rank}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(key[:8], "little") >> 1)
        starts = torch.randint(len(self.train) - context, (count,), generator=generator)
        rows = starts[:, None] + torch.arange(context + 1)
        windows = self.train[rows]
        return windows[:, :-1], windows[:, 1:]

    def unigram_loss(self) -> float:
        """What is reached by knowing how frequent each character is, and nothing else (nats)."""
        counts = torch.bincount(self.train, minlength=len(self.alphabet)).double() + 1
        return float(-(counts / counts.sum()).log()[self.held_out].mean())


def read_text(data: Path | None, checkpoints: Path) -> bytes:
    """The file that was named, or our own text, which is made beside the checkpoint folders once."""
    if data is not None:
        try:
            return data.read_bytes()
        except OSError as error:
            refuse(f"--data {data}: {error.strerror}")
    path = checkpoints.parent / f"corpus-v{make_corpus.VERSION}.txt"
    if not path.exists():
        make_corpus.write_whole(path, make_corpus.make_corpus().encode("ascii"))
        say(f"made {path}")
    return path.read_bytes()


# ---- ranks and signals ------------------------------------------------------------------------------


def refuse(message: str) -> NoReturn:
    """Ends a run that cannot be right; a restart would not help it."""
    print(f"train.py: {message}", file=sys.stderr, flush=True)
    os._exit(2)  # not exit(): the other ranks wait for us, and leaving politely waits for them


def say(line: str) -> None:
    print(line, flush=True)


@dataclass(frozen=True)
class Place:
    """Which rank this process is, and of how many."""

    rank: int
    world: int

    @staticmethod
    def from_environment() -> Place:
        # RANK first: torchrun inside a Slurm step sets both, and SLURM_PROCID is then its own.
        for rank, world in (("RANK", "WORLD_SIZE"), ("SLURM_PROCID", "SLURM_NTASKS")):
            if rank in os.environ and world in os.environ:
                return Place(int(os.environ[rank]), int(os.environ[world]))
        return Place(0, 1)


def meet(place: Place, timeout: float) -> None:
    """Joins the ranks. After this, whoever waits longer than the timeout for a peer gives up."""
    address = os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29400")
    os.environ.update(RANK=str(place.rank), WORLD_SIZE=str(place.world))
    if address in ("127.0.0.1", "localhost"):
        # gloo asks for the address of the host's name, which a laptop or a container may not have.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("gloo", init_method="env://", timeout=timedelta(seconds=timeout))


class Requests:
    """What signals ask of us. A handler only notes it; the loop acts between two steps."""

    def __init__(self) -> None:
        self.stop = False
        self.save = False
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGUSR1, self._on_save)

    def _on_stop(self, *_: object) -> None:
        self.stop = True

    def _on_save(self, *_: object) -> None:
        self.save = True


LOST_PEER = re.compile(r"gloo|closed by peer|reset by peer|connection|broken pipe|timed out|timeout|socket", re.I)


def leave_if_peer_is_gone(error: Exception, where: str, stop: bool) -> None:
    """Ends this rank at once and in one line, if the error says that another rank is gone.

    os._exit, because an orderly end would wait for the very peer that is gone.
    """
    text = str(error)
    if not LOST_PEER.search(text):
        return
    line = re.sub(r"^\[[^\]]*\]\s*", "", text.splitlines()[0])  # the place in gloo's source says nothing
    print(f"train.py: a peer is gone, {where}: {line[:160]}", file=sys.stderr, flush=True)
    os._exit(STOPPED if stop else 1)


# ---- checkpoints ------------------------------------------------------------------------------------


class Checkpoints:
    """A folder of checkpoints, each of which is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, state: dict[str, Any]) -> Path:
        path = self.folder / f"step-{state['step']:08}.pt"
        buffer = BytesIO()
        torch.save(state, buffer)
        make_corpus.write_whole(path, buffer.getvalue())
        for old in self._newest_first()[KEPT_CHECKPOINTS:]:
            old.unlink(missing_ok=True)
        return path

    def load(self) -> dict[str, Any] | None:
        """The newest one that can be read: a damaged disk costs some steps, and not the run."""
        for path in self._newest_first():
            try:
                return torch.load(path, map_location="cpu")
            except Exception as error:  # torch.load raises whatever the broken bytes lead it to
                say(f"cannot read {path} ({type(error).__name__}); trying the one before it")
                path.rename(path.with_suffix(".damaged"))  # or it would count as the newest for ever
        return None

    def _newest_first(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.pt"), reverse=True)


class Attempts:
    """The starts of this run, one line each, so that the end can tell how often it was restarted."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "attempts.jsonl"

    def note(self, from_step: int) -> None:
        with open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"time": round(time.time(), 3), "from_step": from_step}) + "\n")

    def all(self) -> list[dict[str, float]]:
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]


# ---- training ---------------------------------------------------------------------------------------


class Progress:
    """One line about once a second, in words that a person and a program can read."""

    def __init__(self, steps: int, first: int, tokens_per_step: int) -> None:
        self._steps, self._first, self._tokens = steps, first, tokens_per_step
        self._began = self._last_time = time.monotonic()
        self._last_step = first
        self._losses: list[float] = []

    def step(self, step: int, loss: float) -> None:
        self._losses.append(loss)
        now = time.monotonic()
        if now - self._last_time < 1 and step < self._steps:
            return
        rate = (step - self._last_step) * self._tokens / max(now - self._last_time, 1e-9)
        eta = (now - self._began) / (step - self._first) * (self._steps - step)
        say(f"step {step}/{self._steps} loss {sum(self._losses) / len(self._losses):.3f} "
            f"tokens/s {rate:.0f} {100 * step // self._steps}% eta {eta:.0f}s")
        self._losses.clear()
        self._last_time, self._last_step = now, step


class Training:
    """All that one rank holds: the model, the optimizer, the step, and what is saved of them."""

    def __init__(self, options: argparse.Namespace, place: Place) -> None:
        self.options, self.place, self.shape = options, place, Shape()
        self.folder: Path = options.checkpoint_dir
        self.checkpoints = Checkpoints(self.folder)
        self.step = 0
        self.seconds_before = 0.0
        raw, state = self._share()
        self.text = Text.of(raw)
        self.settings = {"data": hashlib.sha256(raw).hexdigest(), "seed": options.seed, "batch": options.batch,
                         "world": place.world, **asdict(self.shape)}
        torch.manual_seed(options.seed)
        self.plain = CharacterModel(len(self.text.alphabet), self.shape)
        self.optimizer = torch.optim.AdamW(self.plain.parameters(), lr=options.learning_rate, weight_decay=0.01)
        if state is not None:
            self._resume(state)
        self.model = DistributedDataParallel(self.plain, broadcast_buffers=False)
        self.began = time.monotonic()
        if place.rank == 0:
            self._announce()

    def _share(self) -> tuple[bytes, dict[str, Any] | None]:
        """Rank 0 reads, all receive."""
        parcel: list[Any] = [None, None]
        if self.place.rank == 0:
            self.folder.mkdir(parents=True, exist_ok=True)
            parcel = [read_text(self.options.data, self.folder), self.checkpoints.load()]
        dist.broadcast_object_list(parcel, src=0)
        return parcel[0], parcel[1]

    def _resume(self, state: dict[str, Any]) -> None:
        for name, value in state["settings"].items():
            if self.settings[name] != value:
                refuse(f"the checkpoint in {self.folder} was made with {name} {value}, not {self.settings[name]}; "
                       "give another --checkpoint-dir to begin anew")
        self.plain.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        self.step = state["step"]
        self.seconds_before = state["seconds"]

    def _announce(self) -> None:
        Attempts(self.folder).note(self.step)
        size = sum(p.numel() for p in self.plain.parameters())
        say(f"{self.place.world} ranks, {size} parameters, {len(self.text.train)} characters of text, "
            f"{self.options.steps} steps")
        say(f"resumed from step {self.step}" if self.step else "started from step 0")

    def seconds(self) -> float:
        """Time spent on steps that count; what was done after a checkpoint and then lost is not in it."""
        return self.seconds_before + time.monotonic() - self.began

    def save(self) -> None:
        if self.place.rank != 0:
            return
        path = self.checkpoints.save({
            "step": self.step, "model": self.plain.state_dict(), "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(), "seconds": self.seconds(), "settings": self.settings,
        })
        say(f"checkpoint step {self.step} -> {path}")

    def learning_rate(self) -> float:
        """Up for the first steps, then down along a cosine to a tenth."""
        warm = min(1.0, (self.step + 1) / 30)
        share = min(1.0, self.step / self.options.steps)
        return self.options.learning_rate * warm * (0.55 + 0.45 * math.cos(math.pi * share))

    def one_step(self) -> float:
        batch = self.text.batch(self.options.seed, self.step, self.place.rank, self.options.batch, self.shape.context)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.optimizer.zero_grad(set_to_none=True)
        loss = loss_of(self.model, *batch)
        loss.backward()  # the ranks exchange their gradients here
        nn.utils.clip_grad_norm_(self.plain.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return float(loss.detach())

    def agree(self, loss: float, requests: Requests) -> tuple[float, bool, bool]:
        """The mean loss, and what was asked of any rank.

        A signal reaches the ranks at different steps. They must leave at the same one: a rank that left
        alone would look like a dead one to the others.
        """
        save = requests.save
        if save:
            requests.save = False  # only what is passed on now: another signal may come during the exchange
        shared = torch.tensor([loss, float(requests.stop), float(save)], dtype=torch.float64)
        dist.all_reduce(shared)
        total, stopping, saving = shared.tolist()
        return total / self.place.world, stopping > 0, saving > 0

    def run(self, requests: Requests) -> float:
        """Trains to the last step. Returns the last mean loss; does not return if it is told to stop."""
        steps, every = self.options.steps, self.options.checkpoint_every
        progress = Progress(steps, self.step, self.place.world * self.options.batch * self.shape.context)
        last = float("nan")
        while self.step < steps:
            last, stop, save = self.agree(self.one_step(), requests)
            if self.place.rank == 0:
                progress.step(self.step, last)
            if stop or save or self.step % every == 0 or self.step == steps:
                self.save()
            if stop:
                self.leave()
        return last

    def leave(self) -> NoReturn:
        """Ends after SIGTERM. The others wait until rank 0 has written: the first end of a rank may
        be the signal for the cluster to kill the rest."""
        dist.barrier()
        if self.place.rank == 0:
            say(f"stopped by SIGTERM at step {self.step}")
        os._exit(STOPPED)

    @torch.no_grad()
    def held_out_loss(self) -> float:
        """The loss on text that was never learned from; each rank takes its share of the windows."""
        context, text = self.shape.context, self.text.held_out
        count = min(256, (len(text) - 1) // context)
        starts = torch.linspace(0, len(text) - context - 1, count).long()[self.place.rank::self.place.world]
        total = torch.zeros(2, dtype=torch.float64)
        for part in starts.split(32):
            windows = text[part[:, None] + torch.arange(context + 1)]
            total[0] += float(loss_of(self.plain, windows[:, :-1], windows[:, 1:])) * len(part)
            total[1] += len(part)
        dist.all_reduce(total)
        return float(total[0] / total[1])

    @torch.no_grad()
    def sample(self, length: int = 200) -> str:
        generator = torch.Generator().manual_seed(self.options.seed)
        written = [self.text.alphabet.index("\n")] if "\n" in self.text.alphabet else [0]
        for _ in range(length):
            scores = self.plain(torch.tensor([written[-self.shape.context:]]))[0, -1] / 0.7
            written.append(int(torch.multinomial(scores.softmax(dim=-1), 1, generator=generator)))
        return "".join(self.text.alphabet[i] for i in written[1:])

    def finish(self, last: float) -> None:
        """Tells what was learned, and leaves it as metrics.json beside the checkpoints."""
        seconds = self.seconds()
        held_out = self.held_out_loss()
        if self.place.rank != 0:
            return
        unigram = self.text.unigram_loss()
        attempts = Attempts(self.folder).all()
        metrics = {
            "steps": self.step, "loss": None if math.isnan(last) else last, "val_loss": held_out,
            "unigram_loss": unigram, "learned": held_out < unigram, "restarts": len(attempts) - 1,
            "seconds": round(seconds, 3), "wall_seconds": round(time.time() - attempts[0]["time"], 3),
            "tokens": self.step * self.options.batch * self.shape.context * self.place.world,
            "ranks": self.place.world,
        }
        make_corpus.write_whole(self.folder / "metrics.json", (json.dumps(metrics, indent=2) + "\n").encode())
        verdict = "lower" if metrics["learned"] else "NOT lower"
        say(f"done: {self.step} steps in {seconds:.1f}s, {metrics['restarts']} restarts")
        say(f"final loss train {last:.4f} held-out {held_out:.4f}, {verdict} than the unigram baseline {unigram:.4f}")
        say("sample:\n" + self.sample())


# ---- the command ------------------------------------------------------------------------------------


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains a small character model on several ranks.")
    parser.add_argument("--steps", type=positive, default=1000, help="steps in all, restarts included")
    parser.add_argument("--data", type=Path, help="a text in UTF-8; our own text is made if none is named")
    parser.add_argument("--checkpoint-dir", type=Path, default=Path("checkpoints/by-hand"))
    parser.add_argument("--checkpoint-every", type=positive, default=100, metavar="STEPS")
    parser.add_argument("--batch", type=positive, default=16, help="windows of a rank at each step")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS",
                        help="how long to wait for a silent peer")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    options = parse_options(arguments)
    options.checkpoint_dir = options.checkpoint_dir.absolute()
    torch.set_num_threads(1)
    place = Place.from_environment()
    where, requests = "at the start", None
    try:
        meet(place, options.timeout)
        training = Training(options, place)
        requests = Requests()  # only now: before the first step there is nothing to save, and SIGTERM may kill us
        where = f"after step {training.step}"
        last = training.run(requests)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the last checkpoint is written
        training.finish(last)
    except (RuntimeError, OSError) as error:  # gloo raises the first, a rendezvous that timed out the second
        if requests is not None:
            where = f"after step {training.step}"
        leave_if_peer_is_gone(error, where, requests is not None and requests.stop)
        raise
    part()


def part() -> NoReturn:
    """Ends a rank that is done.

    Not with destroy_process_group: gloo's threads can wait for each other for ever there when a peer
    closes its sockets at the same moment (2 runs in 25 hung). All that was to be kept is written by now.
    """
    try:
        dist.barrier()
    except (RuntimeError, OSError):
        pass  # the peer has left already, and so may we
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
