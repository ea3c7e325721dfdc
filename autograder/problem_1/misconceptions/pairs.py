"""Pairs of mistakes that the same person is likely to make.

A diagnosis tries every two variants of a section together. PAIRS are the test cases for this. Two
mistakes never earn more points than one of them alone, except in UNDONE, where they cancel out.
"""

from __future__ import annotations

from autograder.problem_1.misconceptions import optimizers

PAIRS = (
    *optimizers.PAIRS,
    # both in one section, where one hides the other
    ("cross_entropy_softmax_overflows", "cross_entropy_ignores_size_average"),
    ("cross_entropy_ignores_size_average", "cross_entropy_softmax_changes_its_input"),
    ("cross_entropy_softmax_overflows", "cross_entropy_gradient_is_averaged_twice"),
    ("dropout_forward_forgets_to_scale", "dropout_forward_exchanges_keep_and_drop"),
    ("dropout_forward_draws_from_numpy_at_large", "dropout_forward_drops_at_test_time"),
    (
        "dropout_forward_multiplies_by_the_keep_probability",
        "dropout_forward_exchanges_keep_and_drop",
    ),
    ("fc_backward_averages_the_weight_gradient", "fc_backward_averages_the_input_gradient"),
    ("fc_backward_averages_the_bias_gradient", "fc_backward_leaves_the_gradient_flat"),
    ("train_tiny_net_validates_on_the_test_data", "train_tiny_net_keeps_no_copies"),
    ("activations_sigmoid_lacks_parentheses", "activations_tanh_lacks_parentheses"),
    ("activations_elu_has_an_alpha_of_one", "activations_selu_has_no_scale"),
    # in two sections, where the first mistake also shows in the second section
    ("cross_entropy_softmax_overflows", "adam_counts_parameters"),
    ("fc_forward_flattens_in_column_order", "fc_backward_unflattens_in_column_order"),
    ("fc_forward_forgets_the_biases", "fc_backward_averages_the_bias_gradient"),
    ("leaky_relu_forward_sets_negatives_to_zero", "leaky_relu_backward_is_that_of_a_relu"),
    ("leaky_relu_forward_has_a_slope_of_its_own", "leaky_relu_backward_has_a_slope_of_its_own"),
    ("dropout_forward_forgets_to_scale", "dropout_backward_scales_at_test_time"),
    ("dropout_forward_drops_at_test_time", "dropout_backward_forgets_to_scale"),
    ("fc_backward_averages_both_gradients", "small_network_ends_in_leaky_relu"),
    ("leaky_relu_backward_is_that_of_a_relu", "cascade_has_another_slope"),
)
"""Pairs of misconception names."""

UNDONE = {
    # a layer that ignores its slope computes what a layer with the right slope would compute
    ("leaky_relu_forward_has_a_slope_of_its_own", "cascade_has_a_relu"): (
        "cascade_output",
        "cascade_names",
    ),
    ("leaky_relu_forward_has_a_slope_of_its_own", "cascade_has_another_slope"): (
        "cascade_output",
        "cascade_names",
    ),
    ("leaky_relu_forward_has_a_slope_of_its_own", "small_network_has_a_relu"): (
        "small_network_output",
        "small_network_names",
        "small_network_start",
    ),
    ("leaky_relu_forward_has_no_slope_of_zero", "cascade_has_a_relu"): (
        "cascade_output",
        "cascade_names",
    ),
    ("leaky_relu_forward_has_no_slope_of_zero", "small_network_has_a_relu"): (
        "small_network_output",
        "small_network_names",
        "small_network_start",
    ),
    ("leaky_relu_backward_has_a_slope_of_its_own", "cascade_has_a_relu"): ("cascade_gradients",),
    ("leaky_relu_backward_has_a_slope_of_its_own", "cascade_has_another_slope"): (
        "cascade_gradients",
    ),
    # if a layer drops at test time, its gradient at test time goes through the mask
    ("dropout_forward_drops_at_test_time", "dropout_backward_scales_at_test_time"): (
        "dropout_backward_at_test_time",
    ),
    (
        "dropout_forward_drops_at_test_time",
        "dropout_backward_divides_by_a_keep_probability_of_0",
    ): ("dropout_backward_at_test_time",),
    ("dropout_forward_drops_at_test_time", "dropout_backward_uses_an_old_mask_at_test_time"): (
        "dropout_backward_at_test_time",
    ),
    # a gradient is right if it is the derivative of what the forward pass does
    ("dropout_forward_forgets_to_scale", "dropout_backward_forgets_to_scale"): (
        "dropout_backward_goes_through_the_mask",
        "dropout_backward_leaves_the_incoming_gradient",
    ),
    (
        "dropout_forward_multiplies_by_the_keep_probability",
        "dropout_backward_multiplies_by_the_keep_probability",
    ): (
        "dropout_backward_goes_through_the_mask",
        "dropout_backward_leaves_the_incoming_gradient",
    ),
    ("dropout_forward_is_not_inverted", "dropout_backward_forgets_to_scale"): (
        "dropout_backward_goes_through_the_mask",
        "dropout_backward_leaves_the_incoming_gradient",
    ),
    # forward drops everything where it should drop nothing, and backward ignores the mask
    (
        "dropout_forward_drops_all_for_a_keep_probability_of_0",
        "dropout_backward_passes_the_gradient_on",
    ): ("dropout_backward_without_dropout",),
    # without any correction, the stored averages are not corrected either
    ("adam_corrects_no_bias", "adam_keeps_the_corrected_averages"): ("adam_moving_averages",),
    # two wrong signs that cancel each other
    ("sgd_momentum_goes_uphill", "sgd_momentum_subtracts_the_velocity"): (
        "sgd_momentum_of_a_network",
    ),
}
"""Pairs of misconceptions that cancel out, with the checks that pass only with both of them.

These checks look at a result, and with both mistakes the result is right."""

UNNAMED = {
    "leaky_relu.forward": (
        "output = feat",
        "output = np.zeros_like(feat)",
        "output = np.ones_like(feat)",
        "output = np.full_like(feat, np.nan)",
    ),
    "leaky_relu.backward": ("dfeat = np.zeros_like(dprev)",),
    "dropout.forward": ("output = feat",),
    "dropout.backward": ("dfeat = np.zeros_like(dprev)",),
    "fc.forward": ("output = np.zeros((len(feat), self.output_dim))",),
}
"""Placeholder code that a student may leave in a block, and that no variant describes."""
