import numpy as np
import pytest
from lib.mlp.fully_conn import Module
from lib.mlp.layer_utils import cross_entropy, fc, flatten, leaky_relu, sequential
from lib.mlp.train import SVHN_DataLoader, compute_acc, train_net
from lib.optim import SGD


class Net(Module):
    def __init__(self):
        self.net = sequential(flatten(), fc(8, 12, 0.3, "a"), leaky_relu(), fc(12, 3, 0.3, "b"))
        self.cast(np.float32)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 2, 4))

    def draw(n):
        y = rng.integers(3, size=n)
        return (centres[y] + 0.5 * rng.normal(size=(n, 2, 4))).astype(np.float32), y

    return {"data_train": draw(200), "data_val": draw(50), "data_test": draw(50)}


def train(data, seed=0, lr=0.1, **options):
    np.random.seed(seed)
    model = Net()
    optimizer = SGD(model.net, lr)
    options = {"batch_size": 30, "max_epochs": 4} | options
    return model, optimizer, train_net(data, model, cross_entropy(), optimizer, **options)


class TestLoader:
    def test_every_example_comes_once_a_pass_with_its_own_label(self):
        data = np.arange(20).reshape(10, 2)
        loader = SVHN_DataLoader(data, np.arange(10), 3)
        for _ in range(5):
            seen = []
            for _ in range(3):
                batch, labels = loader.get_batch()
                assert np.array_equal(batch, data[labels])
                seen += list(labels)
            assert len(set(seen)) == 9

    def test_batches_are_copies(self):
        data = np.zeros((4, 2))
        SVHN_DataLoader(data, np.zeros(4, int), 4).get_batch()[0][:] = 1
        assert not data.any()

    @pytest.mark.parametrize("batch_size", [0, 5])
    def test_a_batch_size_that_cannot_be_filled_is_refused(self, batch_size):
        with pytest.raises(ValueError, match=r"1\.\.4"):
            SVHN_DataLoader(np.zeros((4, 2)), np.zeros(4, int), batch_size)

    def test_labels_of_another_length_are_refused(self):
        with pytest.raises(ValueError, match="4 examples but 3 labels"):
            SVHN_DataLoader(np.zeros((4, 2)), np.zeros(3, int), 2)


class TestComputeAcc:
    def test_counts_every_example_whatever_the_batch_size(self, data):
        model = Net()
        x, y = data["data_train"]
        expected = (model.forward(x, False).argmax(axis=1) == y).mean()
        for batch_size in (1, 7, 200, 1000):
            assert compute_acc(model, x, y, batch_size=batch_size) == pytest.approx(expected)

    def test_a_sample_is_drawn_without_repetition(self, data):
        x, y = data["data_train"]
        seen = []

        class Spy:
            def forward(self, feat, is_training):
                assert is_training is False
                seen.append(len(np.unique(feat.reshape(len(feat), -1), axis=0)))
                return np.zeros((len(feat), 3))

        compute_acc(Spy(), x, y, num_samples=100, batch_size=100)
        assert seen == [100]


class TestTrainNet:
    def test_learns(self, data):
        _, _, (_, losses, _, val_acc) = train(data, max_epochs=10)
        assert np.mean(losses[-6:]) < 0.5 * losses[0]
        assert val_acc[-1] > 0.9

    def test_histories_hold_a_loss_a_step_and_two_accuracies_an_epoch(self, data):
        _, _, (_, losses, train_acc, val_acc) = train(data)
        assert len(losses) == 4 * (200 // 30)
        assert len(train_acc) == len(val_acc) == 4

    def test_the_best_parameters_are_copies_from_the_best_epoch(self, data):
        # With wrong validation labels, the accuracy falls as the network learns.
        x, y = data["data_val"]
        wrong = data | {"data_val": (x, (y + 1) % 3)}
        model, _, (best, _, _, val_acc) = train(wrong, lr=0.01, max_epochs=8)
        assert val_acc[-1] < max(val_acc)
        assert compute_acc(model, *wrong["data_val"]) == val_acc[-1]
        model.net.load(best)
        assert compute_acc(model, *wrong["data_val"]) == max(val_acc)

    def test_the_learning_rate_decays_every_so_many_epochs(self, data):
        _, optimizer, _ = train(data, max_epochs=5, lr_decay=0.5, lr_decay_every=2)
        assert optimizer.lr == pytest.approx(0.1 * 0.5**2)

    def test_the_same_seed_gives_the_same_run(self, data):
        _, _, first = train(data, seed=3)
        _, _, again = train(data, seed=3)
        assert first[1] == again[1]
        assert all(np.array_equal(first[0][name], again[0][name]) for name in first[0])

    def test_verbose_prints_the_losses_and_the_epochs_on_stdout_alone(self, data, capsys):
        _, _, (_, losses, train_acc, val_acc) = train(
            data, max_epochs=2, show_every=10, verbose=True
        )
        captured = capsys.readouterr()
        assert captured.out.splitlines() == [
            f"(Iteration 1 / 12) loss: {losses[0]}",
            f"(Epoch 1 / 2) Training Accuracy: {train_acc[0]}, Validation Accuracy: {val_acc[0]}",
            f"(Iteration 11 / 12) loss: {losses[10]}",
            f"(Epoch 2 / 2) Training Accuracy: {train_acc[1]}, Validation Accuracy: {val_acc[1]}",
        ]
        assert captured.err == ""

    def test_quiet_prints_nothing(self, data, capsys):
        train(data)
        assert capsys.readouterr() == ("", "")
