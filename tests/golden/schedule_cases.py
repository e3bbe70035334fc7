"""The schedules that are tabulated: one line a case, grouped by library.

A case is a name, the call that a user of the library would write, and remarks:

    base       the rate that the optimizer starts from (0.1 unless said)
    n          the update indices to tabulate (0..59 and FAR unless said)
    read       how the value is got out of the object, where it is not the library's usual way
    momentum   tabulate the momentum as well
    reports    a feedback rule: the metrics reported, one after the other
    tolerance  how far apart a correct float64 implementation may be (1e-12 unless said)
    pitfall    the library does what a reader would not expect; ours is meant to differ
    note       what to know about the case

Names in a call are given in short; `make_schedules.py` writes them out in full. Nothing here needs a library.
"""

FAR = (60, 79, 80, 81, 100, 119, 120, 121, 160, 200)
EVERYWHERE = (*range(60), *FAR)
TO_39 = tuple(range(40))
TO_40 = tuple(range(41))

STALL = [1.0, 0.8, 0.7] + [0.7] * 12
NOISY = [1.0, 0.9, 0.95, 0.85, 0.86, 0.87, 0.88, 0.8, 0.81, 0.79] + [0.8] * 4 + [0.78] + [0.9] * 5
CREEP = [1 - 3e-5 * k for k in range(16)]
FALL = [1 - 0.05 * k for k in range(12)]
RISE = [0.1, 0.2, 0.3, 0.3, 0.3, 0.3, 0.35, 0.35, 0.35, 0.35, 0.35, 0.4]
NEGATIVE = [-1.0, -0.95, -0.92, -0.9, -0.88, -0.86, -0.84, -0.82]

COSINE32 = "Keras takes the cosine in float32, whatever its floatx"
ETA32 = "torch keeps the rate of ASGD in a float32 tensor"
FRACTION32 = "fastai keeps the fractions of a combined schedule in a float32 tensor"
GROWS = "past its end the cosine climbs back; a schedule that holds its last value stays at the end value"
LAMBDA = "the formula stands in the call: the library only multiplies"


def case(name, call, **remarks):
    """One row of the table."""
    return {"name": name, "call": call, **remarks}


def unexpected(name, call, note, **remarks):
    """A row for behaviour that ours is meant not to have."""
    return case(name, call, pitfall=True, note=note, **remarks)


# The tables are laid out by hand, to be read.
# fmt: off

WARM_COSINE = (
    "SequentialLR(opt, schedulers=[LinearLR(opt, start_factor=0.1, total_iters=8),"
    " CosineAnnealingLR(opt, T_max=32)], milestones=[8])"
)
THREE_PARTS = (
    "SequentialLR(opt, schedulers=[LinearLR(opt, start_factor=0.25, total_iters=5),"
    " ConstantLR(opt, factor=1.0), ExponentialLR(opt, gamma=0.9)], milestones=[5, 20])"
)
NESTED = (
    "SequentialLR(opt, schedulers=[ChainedScheduler([LinearLR(opt, start_factor=0.1, total_iters=4),"
    " ExponentialLR(opt, gamma=0.9)]), ExponentialLR(opt, gamma=0.5)], milestones=[6])"
)
NESTED_FIRST = (
    "SequentialLR(opt, schedulers=[SequentialLR(opt, schedulers=["
    "LinearLR(opt, start_factor=0.1, total_iters=4), ExponentialLR(opt, gamma=0.9)], milestones=[4]),"
    " ExponentialLR(opt, gamma=0.5)], milestones=[8])"
)
NESTED_LAST = (
    "SequentialLR(opt, schedulers=[ConstantLR(opt, factor=0.5, total_iters=4), SequentialLR(opt, schedulers=["
    "ExponentialLR(opt, gamma=0.5), ExponentialLR(opt, gamma=0.9)], milestones=[4])], milestones=[6])"
)

TORCH = [
    # elementary decays
    case("StepLR-halve-every-10", "StepLR(opt, step_size=10, gamma=0.5)"),
    case("StepLR-every-7-default-gamma", "StepLR(opt, step_size=7)"),
    case("StepLR-every-update", "StepLR(opt, step_size=1, gamma=0.9)"),
    case("StepLR-wikipedia", "LambdaLR(opt, lr_lambda=lambda n: 0.5 ** ((1 + n) // 10))", note=LAMBDA),
    case("MultiStepLR-10-25", "MultiStepLR(opt, milestones=[10, 25])"),
    case("MultiStepLR-halve-1-40-80", "MultiStepLR(opt, milestones=[1, 40, 80], gamma=0.5)"),
    case("MultiStepLR-repeated", "MultiStepLR(opt, milestones=[10, 10, 30], gamma=0.5)",
         note="a milestone named twice counts twice"),
    case("MultiStepLR-unsorted", "MultiStepLR(opt, milestones=[30, 10], gamma=0.2)"),
    case("MultiStepLR-at-0", "MultiStepLR(opt, milestones=[0, 5], gamma=0.5)",
         note="a milestone at 0 applies to the very first update"),
    case("ConstantLR-default", "ConstantLR(opt)"),
    case("ConstantLR-half-10", "ConstantLR(opt, factor=0.5, total_iters=10)"),
    case("LinearLR-default", "LinearLR(opt)"),
    case("LinearLR-warm-up-10", "LinearLR(opt, start_factor=0.1, end_factor=1.0, total_iters=10)"),
    case("LinearLR-to-zero-40", "LinearLR(opt, start_factor=1.0, end_factor=0.0, total_iters=40)"),
    case("LinearLR-to-tenth-40", "LinearLR(opt, start_factor=1.0, end_factor=0.1, total_iters=40)"),
    case("ExponentialLR-095", "ExponentialLR(opt, gamma=0.95)"),
    case("ExponentialLR-wikipedia", "LambdaLR(opt, lr_lambda=lambda n: math.exp(-0.07 * n))", note=LAMBDA),
    case("PolynomialLR-default", "PolynomialLR(opt)"),
    case("PolynomialLR-40-linear", "PolynomialLR(opt, total_iters=40)"),
    case("PolynomialLR-40-square", "PolynomialLR(opt, total_iters=40, power=2.0)"),
    case("PolynomialLR-40-root", "PolynomialLR(opt, total_iters=40, power=0.5)"),
    case("LambdaLR-inverse-root", "LambdaLR(opt, lr_lambda=lambda n: (n + 1) ** -0.5)", note=LAMBDA),
    case("LambdaLR-inverse-time", "LambdaLR(opt, lr_lambda=lambda n: 1 / (1 + 0.1 * n))", note=LAMBDA),
    case("LambdaLR-noam",
         "LambdaLR(opt, lr_lambda=lambda n: 512 ** -0.5 * min((n + 1) ** -0.5, (n + 1) * 10 ** -1.5))",
         base=1.0, note=LAMBDA + "; the paper's t is n + 1, model width 512, warm-up 10"),
    case("MultiplicativeLR-095", "MultiplicativeLR(opt, lr_lambda=lambda n: 0.95)"),
    case("MultiplicativeLR-wikipedia-time",
         "MultiplicativeLR(opt, lr_lambda=lambda n: 1 / (1 + 0.1 * (n - 1)))",
         note="the recursion e[n+1] = e[n] / (1 + d n) with d = 0.1: the library calls the factor with n +"
         " 1"),
    case("MultiplicativeLR-wikipedia-slow",
         "MultiplicativeLR(opt, lr_lambda=lambda n: 1 / (1 + 0.01 * (n - 1)))",
         note="the recursion e[n+1] = e[n] / (1 + d n) with d = 0.01"),
    case("MultiplicativeLR-one-earlier", "MultiplicativeLR(opt, lr_lambda=lambda n: 1 / (1 + 0.1 * n))",
         note="the other recursion, e[n] = e[n-1] / (1 + d n), which drops one update earlier"),
    case("ASGD-power", "ASGD([weight], lr=0.1, lambd=0.1, alpha=0.75)", read="asgd", tolerance=1e-8,
         note=ETA32),
    case("ASGD-root", "ASGD([weight], lr=0.1, lambd=1.0, alpha=0.5)", read="asgd", tolerance=1e-8,
         note=ETA32),
    # cosines
    case("CosineAnnealingLR-40", "CosineAnnealingLR(opt, T_max=40)", n=TO_40),
    case("CosineAnnealingLR-40-floor", "CosineAnnealingLR(opt, T_max=40, eta_min=0.01)", n=TO_40),
    case("WarmRestarts-10", "CosineAnnealingWarmRestarts(opt, T_0=10)"),
    case("WarmRestarts-7-floor", "CosineAnnealingWarmRestarts(opt, T_0=7, T_mult=1, eta_min=0.01)"),
    case("WarmRestarts-5-doubling", "CosineAnnealingWarmRestarts(opt, T_0=5, T_mult=2)"),
    case("WarmRestarts-4-tripling-floor", "CosineAnnealingWarmRestarts(opt, T_0=4, T_mult=3, eta_min=0.001)"),
    case("WarmRestarts-1-tripling", "CosineAnnealingWarmRestarts(opt, T_0=1, T_mult=3)",
         note="stepped one by one: at 40 and 121 a new cycle begins, at the peak"),
    # cyclical
    case("CyclicLR-triangular", "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=8)", momentum=True),
    case("CyclicLR-unequal", "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=5, step_size_down=15)",
         momentum=True),
    case("CyclicLR-triangular2",
         "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=8, mode='triangular2')", momentum=True,
         note="the amplitude of the momentum halves as well"),
    case("CyclicLR-exp-range",
         "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=8, mode='exp_range', gamma=0.97)",
         momentum=True),
    case("CyclicLR-exp-range-default-gamma",
         "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=8, mode='exp_range')",
         note="with the default gamma of 1 this is the plain triangle"),
    case("CyclicLR-unequal-triangular2",
         "CyclicLR(opt, base_lr=0.001, max_lr=0.1, step_size_up=4, step_size_down=12, mode='triangular2')"),
    case("CyclicLR-own-momenta",
         "CyclicLR(opt, base_lr=0.01, max_lr=0.1, step_size_up=10, base_momentum=0.85, max_momentum=0.95)",
         momentum=True),
    case("CyclicLR-default-length", "CyclicLR(opt, base_lr=0.01, max_lr=0.1)",
         n=(0, 1, 500, 2000, 2001, 4000, 6000)),
    case("OneCycleLR-cos", "OneCycleLR(opt, max_lr=0.1, total_steps=40)", n=TO_39, momentum=True),
    case("OneCycleLR-linear", "OneCycleLR(opt, max_lr=0.1, total_steps=40, anneal_strategy='linear')",
         n=TO_39, momentum=True),
    case("OneCycleLR-three-cos", "OneCycleLR(opt, max_lr=0.1, total_steps=40, three_phase=True)", n=TO_39,
         momentum=True),
    case("OneCycleLR-three-linear",
         "OneCycleLR(opt, max_lr=0.1, total_steps=40, three_phase=True, anneal_strategy='linear')", n=TO_39,
         momentum=True),
    case("OneCycleLR-quarter-div10",
         "OneCycleLR(opt, max_lr=0.1, total_steps=40, pct_start=0.25, div_factor=10.0,"
         " final_div_factor=100.0)", n=TO_39, momentum=True),
    case("OneCycleLR-own-momenta",
         "OneCycleLR(opt, max_lr=0.1, total_steps=40, pct_start=0.4, base_momentum=0.8, max_momentum=0.9)",
         n=TO_39, momentum=True),
    case("OneCycleLR-linear-three-quarter",
         "OneCycleLR(opt, max_lr=0.1, total_steps=40, pct_start=0.25, three_phase=True,"
         " anneal_strategy='linear', div_factor=10.0, final_div_factor=50.0)", n=TO_39, momentum=True),
    case("OneCycleLR-momentum-kept", "OneCycleLR(opt, max_lr=0.1, total_steps=40, cycle_momentum=False)",
         n=TO_39, momentum=True),
    case("OneCycleLR-epochs", "OneCycleLR(opt, max_lr=1.0, epochs=4, steps_per_epoch=5)", n=tuple(range(20))),
    # composition
    case("SequentialLR-warm-up-cosine", WARM_COSINE, n=TO_40),
    case("SequentialLR-three-parts", THREE_PARTS),
    case("SequentialLR-constant-exponential",
         "SequentialLR(opt, schedulers=[ConstantLR(opt, factor=0.1, total_iters=20), ExponentialLR(opt,"
         " gamma=0.9)], milestones=[20])"),
    case("SequentialLR-warm-up-steps",
         "SequentialLR(opt, schedulers=[LinearLR(opt, start_factor=0.2, total_iters=8), StepLR(opt,"
         " step_size=10, gamma=0.5)], milestones=[8])", note="the steps are counted from the hand-over"),
    case("SequentialLR-warm-up-restarts",
         "SequentialLR(opt, schedulers=[LinearLR(opt, start_factor=0.2, total_iters=8),"
         " CosineAnnealingWarmRestarts(opt, T_0=8, T_mult=2)], milestones=[8])"),
    case("SequentialLR-milestone-0",
         "SequentialLR(opt, schedulers=[ConstantLR(opt, factor=0.1), ExponentialLR(opt, gamma=0.9)],"
         " milestones=[0])", note="the first member never acts"),
    case("ChainedScheduler-constant-exponential",
         "ChainedScheduler([ConstantLR(opt, factor=0.1, total_iters=20), ExponentialLR(opt, gamma=0.9)])"),
    case("ChainedScheduler-linear-exponential",
         "ChainedScheduler([LinearLR(opt, start_factor=0.1, total_iters=8), ExponentialLR(opt,"
         " gamma=0.95)])"),
    case("ChainedScheduler-step-polynomial",
         "ChainedScheduler([StepLR(opt, step_size=10, gamma=0.5), PolynomialLR(opt, total_iters=40,"
         " power=2.0)])"),
    case("ChainedScheduler-three",
         "ChainedScheduler([LinearLR(opt, start_factor=0.5, total_iters=4), StepLR(opt, step_size=15,"
         " gamma=0.5), MultiStepLR(opt, milestones=[7, 33], gamma=0.8)])"),
    case("SWALR-cos", "SWALR(opt, swa_lr=0.02)"),
    case("SWALR-linear-20", "SWALR(opt, swa_lr=0.02, anneal_epochs=20, anneal_strategy='linear')"),
    case("SWALR-cos-up", "SWALR(opt, swa_lr=0.3, anneal_epochs=5)"),
    case("SWALR-at-once", "SWALR(opt, swa_lr=0.02, anneal_epochs=0)",
         note="update 0 is already made at swa_lr"),
    # feedback
    case("ReduceLROnPlateau-default", "ReduceLROnPlateau(opt)", reports=STALL,
         note="the rate drops after patience + 1 reports without improvement"),
    case("ReduceLROnPlateau-halve-2", "ReduceLROnPlateau(opt, factor=0.5, patience=2)", reports=STALL),
    case("ReduceLROnPlateau-noisy", "ReduceLROnPlateau(opt, factor=0.5, patience=2)", reports=NOISY),
    case("ReduceLROnPlateau-patience-0", "ReduceLROnPlateau(opt, factor=0.5, patience=0)", reports=NOISY),
    case("ReduceLROnPlateau-cooldown", "ReduceLROnPlateau(opt, factor=0.5, patience=1, cooldown=3)",
         reports=STALL),
    case("ReduceLROnPlateau-creep-relative", "ReduceLROnPlateau(opt, factor=0.5, patience=2)", reports=CREEP),
    case("ReduceLROnPlateau-creep-absolute",
         "ReduceLROnPlateau(opt, factor=0.5, patience=2, threshold=1e-5, threshold_mode='abs')",
         reports=CREEP),
    case("ReduceLROnPlateau-absolute",
         "ReduceLROnPlateau(opt, factor=0.5, patience=1, threshold=0.06, threshold_mode='abs')",
         reports=NOISY),
    case("ReduceLROnPlateau-max", "ReduceLROnPlateau(opt, mode='max', factor=0.2, patience=2)", reports=RISE),
    case("ReduceLROnPlateau-floor", "ReduceLROnPlateau(opt, factor=0.1, patience=0, min_lr=0.003)",
         reports=STALL),
    case("ReduceLROnPlateau-eps", "ReduceLROnPlateau(opt, factor=0.5, patience=0, eps=0.01)", reports=STALL,
         note="a drop smaller than eps is not made"),
    # pitfalls
    unexpected("CosineAnnealingLR-climbs-back", "CosineAnnealingLR(opt, T_max=40)", GROWS),
    unexpected("CosineAnnealingLR-floor-climbs-back", "CosineAnnealingLR(opt, T_max=40, eta_min=0.01)",
               GROWS),
    unexpected("SequentialLR-cosine-climbs-back", WARM_COSINE, GROWS),
    unexpected("WarmRestarts-jump-logarithm", "CosineAnnealingWarmRestarts(opt, T_0=1, T_mult=3)",
               "step(n) finds the cycle by a logarithm that comes out just below 5 at 121, so that 121 is"
               " taken for the end of the cycle before", read="jump"),
    unexpected("OneCycleLR-overshoot-cos", "OneCycleLR(opt, max_lr=1.0, total_steps=20)",
               "after the 20th step() the cosine climbs; the 21st raises"),
    unexpected("OneCycleLR-overshoot-linear",
               "OneCycleLR(opt, max_lr=1.0, total_steps=20, anneal_strategy='linear')",
               "after the 20th step() the line goes below zero; the 21st raises"),
    unexpected("OneCycleLR-misses-peak", "OneCycleLR(opt, max_lr=1.0, total_steps=25)",
               "pct_start * total_steps is 7.5, so that no update is made at the peak", n=tuple(range(25))),
    unexpected("OneCycleLR-no-rise", "OneCycleLR(opt, max_lr=1.0, total_steps=20, pct_start=0.0)",
               "the rise is thought to end at index -1, so that the first update is already below the peak",
               n=tuple(range(20))),
    unexpected("OneCycleLR-three-never-ends",
               "OneCycleLR(opt, max_lr=1.0, total_steps=40, pct_start=0.6, three_phase=True)",
               "with pct_start above one half the second phase does not end before the run does", n=TO_39),
    unexpected("OneCycleLR-all-rise", "OneCycleLR(opt, max_lr=1.0, total_steps=20, pct_start=1.0)",
               "the second phase has no length, and is divided by it"),
    unexpected("OneCycleLR-rise-of-one", "OneCycleLR(opt, max_lr=1.0, total_steps=20, pct_start=0.05)",
               "the first phase, from index 0 to pct_start * total_steps - 1, has no length"),
    unexpected("LinearLR-no-length", "LinearLR(opt, total_iters=0)",
               "a warm-up of no length stays at its start value"),
    unexpected("PolynomialLR-no-length", "PolynomialLR(opt, total_iters=0)",
               "a decay of no length never decays"),
    unexpected("ConstantLR-zero", "ConstantLR(opt, factor=0.0, total_iters=3)",
               "factor 0 is accepted, then divided by"),
    unexpected("ChainedScheduler-negative",
               "ChainedScheduler([CosineAnnealingLR(opt, T_max=20, eta_min=0.01), ExponentialLR(opt,"
               " gamma=0.9)])", "the recursive cosine is not a factor: the product goes below zero"),
    unexpected("ChainedScheduler-restarts-first",
               "ChainedScheduler([CosineAnnealingWarmRestarts(opt, T_0=10), ExponentialLR(opt, gamma=0.9)])",
               "restarts overwrite the rate, so that only the last factor of the exponential is left"),
    unexpected("ChainedScheduler-restarts-last",
               "ChainedScheduler([ExponentialLR(opt, gamma=0.9), CosineAnnealingWarmRestarts(opt, T_0=10)])",
               "restarts overwrite the rate, so that nothing of the exponential is left"),
    unexpected("SequentialLR-of-chained", NESTED, "a chain as the first member starts a factor too low"),
    unexpected("SequentialLR-nested-first", NESTED_FIRST,
               "the inner sequence runs one update ahead: its hand-over comes at 3"),
    unexpected("SequentialLR-nested-last", NESTED_LAST,
               "a sequence as a later member cannot be handed over to"),
    unexpected("StepLR-get-lr", "StepLR(opt, step_size=10, gamma=0.5)",
               "get_lr() read from outside at a drop shows the factor twice", read="get_lr"),
    unexpected("LinearLR-built-twice", "[LinearLR(opt, start_factor=0.1), LinearLR(opt, start_factor=0.1)]",
               "building two schedulers, and stepping neither, changes the rate twice", read="built", n=(0,)),
    unexpected("OneCycleLR-built", "OneCycleLR(opt, max_lr=1.0, total_steps=20)",
               "building it overwrites the rate (0.5) and the momentum (0.9) of the optimizer", base=0.5,
               read="built", n=(0,), momentum=True),
    unexpected("LinearLR-first-value-lost", "LinearLR(opt, start_factor=0.1, total_iters=5)",
               "stepping the scheduler before the optimizer: the first value is never used",
               read="step first"),
    unexpected("ReduceLROnPlateau-negative-metric",
               "ReduceLROnPlateau(opt, factor=0.5, patience=1, threshold=0.1)",
               "best * (1 - threshold) lies above a negative best: every report here is worse than the one"
               " before, the first few count as improvements", reports=NEGATIVE),
]

KERAS = [
    case("ExponentialDecay-10", "ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)"),
    case("ExponentialDecay-1", "ExponentialDecay(0.1, decay_steps=1, decay_rate=0.95)"),
    case("ExponentialDecay-staircase",
         "ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5, staircase=True)"),
    case("ExponentialDecay-staircase-7",
         "ExponentialDecay(0.1, decay_steps=7, decay_rate=0.3, staircase=True)"),
    case("PiecewiseConstantDecay-10-25",
         "PiecewiseConstantDecay(boundaries=[10, 25], values=[0.1, 0.01, 0.001])",
         note="boundaries are inclusive: the new value applies from update 11 and from 26"),
    case("PiecewiseConstantDecay-one", "PiecewiseConstantDecay(boundaries=[0], values=[0.1, 0.05])"),
    case("PiecewiseConstantDecay-up-down",
         "PiecewiseConstantDecay(boundaries=[5, 20, 40], values=[0.02, 0.1, 0.05, 0.01])"),
    case("PolynomialDecay-default", "PolynomialDecay(0.1, decay_steps=40)", note="end_learning_rate is 1e-4"),
    case("PolynomialDecay-square", "PolynomialDecay(0.1, decay_steps=40, end_learning_rate=0.0, power=2.0)"),
    case("PolynomialDecay-root", "PolynomialDecay(0.1, decay_steps=40, end_learning_rate=0.01, power=0.5)"),
    case("PolynomialDecay-cycle", "PolynomialDecay(0.1, decay_steps=16, end_learning_rate=0.01, cycle=True)",
         note="touches the end value at every multiple of decay_steps, then jumps up"),
    case("PolynomialDecay-cycle-square",
         "PolynomialDecay(0.1, decay_steps=40, end_learning_rate=0.001, power=2.0, cycle=True)"),
    case("InverseTimeDecay-1", "InverseTimeDecay(0.1, decay_steps=1, decay_rate=0.1)"),
    case("InverseTimeDecay-10", "InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5)"),
    case("InverseTimeDecay-staircase",
         "InverseTimeDecay(0.1, decay_steps=10, decay_rate=0.5, staircase=True)"),
    case("CosineDecay-40", "CosineDecay(0.1, decay_steps=40)", tolerance=2e-8, note=COSINE32),
    case("CosineDecay-alpha", "CosineDecay(0.1, decay_steps=40, alpha=0.1)", tolerance=2e-8,
         note=COSINE32 + "; alpha is a ratio"),
    case("CosineDecay-warm-up", "CosineDecay(0.0, decay_steps=32, warmup_target=0.1, warmup_steps=8)",
         tolerance=2e-8, note=COSINE32 + "; decay_steps excludes the warm-up"),
    case("CosineDecay-warm-up-alpha",
         "CosineDecay(0.01, decay_steps=32, alpha=0.2, warmup_target=0.1, warmup_steps=8)", tolerance=2e-8,
         note=COSINE32),
    case("CosineDecayRestarts-default", "CosineDecayRestarts(0.1, first_decay_steps=10)", tolerance=2e-8,
         note=COSINE32),
    case("CosineDecayRestarts-equal", "CosineDecayRestarts(0.1, first_decay_steps=10, t_mul=1.0)",
         tolerance=2e-8, note=COSINE32),
    case("CosineDecayRestarts-shrinking",
         "CosineDecayRestarts(0.1, first_decay_steps=8, t_mul=1.0, m_mul=0.5, alpha=0.1)", tolerance=2e-8,
         note=COSINE32 + "; alpha is a ratio of the first peak, so that it does not shrink with m_mul"),
    case("CosineDecayRestarts-growing", "CosineDecayRestarts(0.1, first_decay_steps=5, t_mul=2.0, m_mul=0.8)",
         tolerance=2e-8, note=COSINE32),
    case("CosineDecayRestarts-tripling",
         "CosineDecayRestarts(0.1, first_decay_steps=4, t_mul=3.0, m_mul=0.5)", tolerance=2e-8,
         note=COSINE32),
    case("CosineDecayRestarts-one-and-a-half", "CosineDecayRestarts(0.1, first_decay_steps=8, t_mul=1.5)",
         tolerance=2e-8, note=COSINE32),
    case("LearningRateScheduler-halve", "LearningRateScheduler(lambda epoch, lr: 0.1 * 0.5 ** (epoch // 10))",
         read="callback", note="a callback; n counts epochs"),
    case("LearningRateScheduler-wikipedia-step",
         "LearningRateScheduler(lambda epoch, lr: 0.1 * 0.5 ** ((1 + epoch) // 10))", read="callback",
         note="the tutorial form behind Wikipedia's 1 +; n counts epochs"),
    case("ReduceLROnPlateau-default", "ReduceLROnPlateau(monitor='loss', mode='min')", reports=STALL,
         note="the rate drops after patience reports without improvement"),
    case("ReduceLROnPlateau-halve-2", "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.5, patience=2)",
         reports=STALL),
    case("ReduceLROnPlateau-noisy", "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.5, patience=2)",
         reports=NOISY),
    case("ReduceLROnPlateau-patience-1",
         "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.5, patience=1)", reports=NOISY),
    case("ReduceLROnPlateau-cooldown",
         "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.5, patience=1, cooldown=3)", reports=STALL),
    case("ReduceLROnPlateau-creep", "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.5, patience=3)",
         reports=CREEP, note="min_delta is absolute"),
    case("ReduceLROnPlateau-absolute",
         "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.5, patience=2, min_delta=0.06)",
         reports=NOISY),
    case("ReduceLROnPlateau-max", "ReduceLROnPlateau(monitor='loss', mode='max', factor=0.2, patience=2)",
         reports=RISE),
    case("ReduceLROnPlateau-floor",
         "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.1, patience=1, min_lr=0.003)",
         reports=STALL),
    case("ReduceLROnPlateau-negative-metric",
         "ReduceLROnPlateau(monitor='loss', mode='min', factor=0.5, patience=2, min_delta=0.01)",
         reports=NEGATIVE),
    unexpected("ExponentialDecay-integer", "ExponentialDecay(1, decay_steps=10, decay_rate=0.5)",
               "an integer rate makes the whole schedule integer, its base included"),
    unexpected("CosineDecay-warm-up-ignored", "CosineDecay(0.1, decay_steps=32, warmup_steps=8)",
               "without warmup_target the warm-up is left out in silence", tolerance=2e-8),
    unexpected("SGD-decay-ignored", "SGD(learning_rate=0.1, decay=0.1)",
               "Keras 1 and 2 gave 0.1 / (1 + 0.1 n); Keras 3 warns and ignores it", read="optimizer"),
    unexpected("LearningRateScheduler-compounds", "LearningRateScheduler(lambda epoch, lr: lr / (1 + epoch))",
               "the rate handed in is the current one, so that the divisions compound: not 0.1 / (1 + epoch)",
               read="callback", n=tuple(range(12))),
    unexpected("LearningRateScheduler-compounds-slow",
               "LearningRateScheduler(lambda epoch, lr: lr / (1 + 0.1 * epoch))",
               "the rate handed in is the current one: e[n] = e[n-1] / (1 + d n)", read="callback"),
]

OPTAX = [
    case("constant_schedule", "constant_schedule(0.1)"),
    case("linear_schedule-40", "linear_schedule(init_value=0.1, end_value=0.0, transition_steps=40)"),
    case("linear_schedule-later",
         "linear_schedule(init_value=0.1, end_value=0.01, transition_steps=20, transition_begin=10)"),
    case("linear_schedule-up", "linear_schedule(init_value=0.01, end_value=0.1, transition_steps=8)"),
    case("polynomial_schedule-square",
         "polynomial_schedule(init_value=0.1, end_value=0.01, power=2, transition_steps=40)"),
    case("polynomial_schedule-root",
         "polynomial_schedule(init_value=0.1, end_value=0.0, power=0.5, transition_steps=30,"
         " transition_begin=10)"),
    case("polynomial_schedule-no-length",
         "polynomial_schedule(init_value=0.1, end_value=0.0, power=1, transition_steps=0)",
         note="a length of 0 means: constant"),
    case("piecewise_constant_schedule-10-25",
         "piecewise_constant_schedule(init_value=0.1, boundaries_and_scales={10: 0.1, 25: 0.1})"),
    case("piecewise_constant_schedule-up-down",
         "piecewise_constant_schedule(init_value=0.02, boundaries_and_scales={5: 5.0, 20: 0.5, 40: 0.2})"),
    case("exponential_decay-10", "exponential_decay(init_value=0.1, transition_steps=10, decay_rate=0.5)"),
    case("exponential_decay-staircase",
         "exponential_decay(init_value=0.1, transition_steps=10, decay_rate=0.5, staircase=True)"),
    case("exponential_decay-later",
         "exponential_decay(init_value=0.1, transition_steps=10, decay_rate=0.5, transition_begin=5)"),
    case("exponential_decay-later-staircase",
         "exponential_decay(init_value=0.1, transition_steps=7, decay_rate=0.5, transition_begin=5,"
         " staircase=True)"),
    case("exponential_decay-floor",
         "exponential_decay(init_value=0.1, transition_steps=10, decay_rate=0.5, end_value=0.02)"),
    case("exponential_decay-cap",
         "exponential_decay(init_value=0.1, transition_steps=10, decay_rate=1.5, end_value=0.3)"),
    case("cosine_decay_schedule-40", "cosine_decay_schedule(init_value=0.1, decay_steps=40)"),
    case("cosine_decay_schedule-alpha", "cosine_decay_schedule(init_value=0.1, decay_steps=40, alpha=0.1)",
         note="alpha is a ratio"),
    case("cosine_decay_schedule-power",
         "cosine_decay_schedule(init_value=0.1, decay_steps=40, alpha=0.1, exponent=2.0)"),
    case("piecewise_interpolate_schedule-linear",
         "piecewise_interpolate_schedule('linear', init_value=0.1, boundaries_and_scales={10: 0.1, 25: 5.0,"
         " 40: 0.2})"),
    case("piecewise_interpolate_schedule-cosine",
         "piecewise_interpolate_schedule('cosine', init_value=0.1, boundaries_and_scales={10: 0.1, 25: 5.0,"
         " 40: 0.2})"),
    case("linear_onecycle_schedule-40", "linear_onecycle_schedule(transition_steps=40, peak_value=0.1)"),
    case("linear_onecycle_schedule-own",
         "linear_onecycle_schedule(transition_steps=37, peak_value=0.1, pct_start=0.2, pct_final=0.7,"
         " div_factor=10.0, final_div_factor=100.0)"),
    case("cosine_onecycle_schedule-40", "cosine_onecycle_schedule(transition_steps=40, peak_value=0.1)"),
    case("cosine_onecycle_schedule-own",
         "cosine_onecycle_schedule(transition_steps=37, peak_value=0.1, pct_start=0.2, div_factor=10.0,"
         " final_div_factor=100.0)"),
    case("warmup_constant_schedule-8",
         "warmup_constant_schedule(init_value=0.0, peak_value=0.1, warmup_steps=8)"),
    case("warmup_cosine_decay_schedule-8-of-40",
         "warmup_cosine_decay_schedule(init_value=0.0, peak_value=0.1, warmup_steps=8, decay_steps=40)",
         note="decay_steps includes the warm-up"),
    case("warmup_cosine_decay_schedule-floor",
         "warmup_cosine_decay_schedule(init_value=0.01, peak_value=0.1, warmup_steps=8, decay_steps=40,"
         " end_value=0.02, exponent=1.5)"),
    case("warmup_exponential_decay_schedule-8",
         "warmup_exponential_decay_schedule(init_value=0.0, peak_value=0.1, warmup_steps=8,"
         " transition_steps=10, decay_rate=0.5)"),
    case("warmup_exponential_decay_schedule-staircase",
         "warmup_exponential_decay_schedule(init_value=0.01, peak_value=0.1, warmup_steps=8,"
         " transition_steps=10, decay_rate=0.5, transition_begin=4, staircase=True, end_value=0.02)"),
    case("sgdr_schedule-shrinking",
         "sgdr_schedule(cosine_kwargs=[dict(init_value=0.0, peak_value=0.1, warmup_steps=2,"
         " decay_steps=10), dict(init_value=0.0, peak_value=0.05, warmup_steps=4, decay_steps=20,"
         " end_value=0.005), dict(init_value=0.005, peak_value=0.025, warmup_steps=0, decay_steps=10)])"),
    case("join_schedules-warm-up-cosine",
         "join_schedules([linear_schedule(init_value=0.01, end_value=0.1, transition_steps=8),"
         " cosine_decay_schedule(init_value=0.1, decay_steps=32)], boundaries=[8])"),
    case("join_schedules-three",
         "join_schedules([linear_schedule(init_value=0.025, end_value=0.1, transition_steps=5),"
         " constant_schedule(0.1), exponential_decay(init_value=0.1, transition_steps=1, decay_rate=0.9)],"
         " boundaries=[5, 20])"),
    case("join_schedules-jump",
         "join_schedules([exponential_decay(init_value=0.1, transition_steps=5, decay_rate=0.5),"
         " exponential_decay(init_value=0.1, transition_steps=5, decay_rate=0.5)], boundaries=[13])",
         note="the second member counts from the boundary"),
    case("reduce_on_plateau-default", "reduce_on_plateau()", reports=STALL,
         note="the rate drops after patience reports without improvement; base times the scale of the rule"),
    case("reduce_on_plateau-halve-2", "reduce_on_plateau(factor=0.5, patience=2)", reports=STALL),
    case("reduce_on_plateau-noisy", "reduce_on_plateau(factor=0.5, patience=2)", reports=NOISY),
    case("reduce_on_plateau-patience-1", "reduce_on_plateau(factor=0.5, patience=1)", reports=NOISY),
    case("reduce_on_plateau-cooldown", "reduce_on_plateau(factor=0.5, patience=1, cooldown=3)",
         reports=STALL),
    case("reduce_on_plateau-creep", "reduce_on_plateau(factor=0.5, patience=3)", reports=CREEP),
    case("reduce_on_plateau-absolute", "reduce_on_plateau(factor=0.5, patience=2, rtol=0.0, atol=0.06)",
         reports=NOISY),
    case("reduce_on_plateau-floor", "reduce_on_plateau(factor=0.1, patience=1, min_scale=0.03)",
         reports=STALL),
    case("reduce_on_plateau-averaged", "reduce_on_plateau(factor=0.5, patience=2, accumulation_size=2)",
         reports=NOISY, note="judges the mean of two reports at a time"),
    unexpected("reduce_on_plateau-patience-0", "reduce_on_plateau(factor=0.1, patience=0)",
               "the count equals 0 at every improvement, and that is when the rate drops", reports=FALL),
    unexpected("reduce_on_plateau-negative-metric", "reduce_on_plateau(factor=0.5, patience=2, rtol=0.1)",
               "(1 - rtol) * best lies above a negative best: worse reports count as improvements",
               reports=NEGATIVE),
    unexpected("linear_onecycle_schedule-1", "linear_onecycle_schedule(transition_steps=1, peak_value=0.1)",
               "the first two knots fall together at 0 and the peak is lost", n=tuple(range(6))),
    unexpected("piecewise_interpolate_schedule-array",
               "piecewise_interpolate_schedule('linear', init_value=0.1, boundaries_and_scales={10: 0.1})",
               "called once with the array of all n: wrong numbers, no error", read="array"),
]

WARM_8 = "warmup_t=8, warmup_lr_init=0.01"

TIMM = [
    case("CosineLRScheduler-40", "CosineLRScheduler(opt, t_initial=40)"),
    case("CosineLRScheduler-floor", "CosineLRScheduler(opt, t_initial=40, lr_min=0.01)",
         note="the floor is absolute"),
    case("CosineLRScheduler-warm-up-inside", f"CosineLRScheduler(opt, t_initial=40, {WARM_8})",
         note="the cosine runs under the warm-up and has already fallen when it ends"),
    case("CosineLRScheduler-warm-up-before",
         f"CosineLRScheduler(opt, t_initial=40, {WARM_8}, warmup_prefix=True)"),
    case("CosineLRScheduler-k-decay", "CosineLRScheduler(opt, t_initial=40, k_decay=1.5)"),
    case("CosineLRScheduler-cycles", "CosineLRScheduler(opt, t_initial=10, cycle_limit=4, lr_min=0.001)"),
    case("CosineLRScheduler-shrinking",
         "CosineLRScheduler(opt, t_initial=10, cycle_decay=0.5, cycle_limit=3)"),
    case("CosineLRScheduler-doubling",
         "CosineLRScheduler(opt, t_initial=5, cycle_mul=2.0, cycle_decay=0.8, cycle_limit=5, lr_min=0.001)"),
    case("CosineLRScheduler-tripling", "CosineLRScheduler(opt, t_initial=4, cycle_mul=3.0, cycle_limit=5)"),
    case("CosineLRScheduler-one-and-a-half",
         "CosineLRScheduler(opt, t_initial=8, cycle_mul=1.5, cycle_limit=9)"),
    case("CosineLRScheduler-cycles-warm-up",
         f"CosineLRScheduler(opt, t_initial=10, cycle_limit=3, cycle_decay=0.5, {WARM_8},"
         " warmup_prefix=True)"),
    case("TanhLRScheduler-40", "TanhLRScheduler(opt, t_initial=40)",
         note="starts just below the peak and jumps from 0.25 % to lr_min at the end"),
    case("TanhLRScheduler-bounds", "TanhLRScheduler(opt, t_initial=40, lb=-4.0, ub=4.0, lr_min=0.01)"),
    case("TanhLRScheduler-warm-up-inside", f"TanhLRScheduler(opt, t_initial=40, {WARM_8})"),
    case("TanhLRScheduler-doubling",
         "TanhLRScheduler(opt, t_initial=6, cycle_mul=2.0, cycle_decay=0.5, cycle_limit=3)"),
    case("PolyLRScheduler-default", "PolyLRScheduler(opt, t_initial=40)", note="the power is one half"),
    case("PolyLRScheduler-linear-floor", "PolyLRScheduler(opt, t_initial=40, power=1.0, lr_min=0.01)"),
    case("PolyLRScheduler-square-warm-up",
         f"PolyLRScheduler(opt, t_initial=40, power=2.0, {WARM_8}, warmup_prefix=True)"),
    case("PolyLRScheduler-warm-up-inside", f"PolyLRScheduler(opt, t_initial=40, power=2.0, {WARM_8})"),
    case("PolyLRScheduler-k-decay", "PolyLRScheduler(opt, t_initial=40, power=1.0, k_decay=2.0)"),
    case("PolyLRScheduler-doubling",
         "PolyLRScheduler(opt, t_initial=6, power=1.0, cycle_mul=2.0, cycle_decay=0.5, cycle_limit=3)"),
    case("StepLRScheduler-halve", "StepLRScheduler(opt, decay_t=10, decay_rate=0.5)"),
    case("StepLRScheduler-default", "StepLRScheduler(opt, decay_t=10)", note="decay_rate is 1: no decay"),
    case("StepLRScheduler-fraction", "StepLRScheduler(opt, decay_t=2.5, decay_rate=0.8)"),
    case("StepLRScheduler-warm-up", f"StepLRScheduler(opt, decay_t=10, decay_rate=0.5, {WARM_8})",
         note="here warmup_prefix is True by default"),
    case("StepLRScheduler-warm-up-inside",
         f"StepLRScheduler(opt, decay_t=10, decay_rate=0.5, {WARM_8}, warmup_prefix=False)"),
    case("MultiStepLRScheduler-10-25", "MultiStepLRScheduler(opt, decay_t=[10, 25], decay_rate=0.1)",
         note="on purpose one update early: the rate changes at updates 9 and 24"),
    case("MultiStepLRScheduler-warm-up",
         f"MultiStepLRScheduler(opt, decay_t=[10, 25], decay_rate=0.5, {WARM_8})"),
    case("WSDLRScheduler-1-sqrt", f"WSDLRScheduler(opt, t_initial=32, decay_t=12, {WARM_8})"),
    case("WSDLRScheduler-linear",
         f"WSDLRScheduler(opt, t_initial=32, decay_t=12, decay_fn='linear', {WARM_8})"),
    case("WSDLRScheduler-cosine",
         f"WSDLRScheduler(opt, t_initial=32, decay_t=12, decay_fn='cosine', lr_min=0.005, {WARM_8})"),
    case("WSDLRScheduler-power",
         "WSDLRScheduler(opt, t_initial=40, decay_t=20, decay_fn='power', decay_power=2.0)"),
    case("WSDLRScheduler-exp",
         "WSDLRScheduler(opt, t_initial=40, decay_t=20, decay_fn='exp', decay_ratio=0.05, lr_min=0.001)"),
    case("WSDLRScheduler-rsqrt",
         f"WSDLRScheduler(opt, t_initial=32, decay_t=12, stable_fn='rsqrt', {WARM_8})"),
    case("WSDLRScheduler-rsqrt-linear",
         "WSDLRScheduler(opt, t_initial=32, decay_t=12, stable_fn='rsqrt', stable_timescale=20,"
         f" decay_fn='linear', {WARM_8})"),
    case("WSDLRScheduler-stable-power",
         "WSDLRScheduler(opt, t_initial=32, decay_t=8, stable_fn='power', stable_power=0.51,"
         f" decay_fn='exp', {WARM_8})"),
    case("create_scheduler_v2-constant",
         "create_scheduler_v2(opt, sched='constant', num_epochs=40, warmup_epochs=5, warmup_lr=0.01)[0]"),
    case("create_scheduler_v2-rsqrt",
         "create_scheduler_v2(opt, sched='rsqrt', num_epochs=40, warmup_epochs=5, warmup_lr=0.01)[0]",
         note="the last fifth of what follows the warm-up is the cooldown"),
    case("create_scheduler_v2-wsd",
         "create_scheduler_v2(opt, sched='wsd', num_epochs=40, warmup_epochs=5)[0]"),
    case("create_scheduler_v2-poly",
         "create_scheduler_v2(opt, sched='poly', num_epochs=40, decay_rate=2.0)[0]",
         note="decay_rate is the power"),
    case("create_scheduler_v2-cosine-cycles",
         "create_scheduler_v2(opt, sched='cosine', num_epochs=10, cycle_limit=3)[0]",
         note="cycle_decay is 0.1 here and 1 in the class"),
    case("PlateauLRScheduler-min", "PlateauLRScheduler(opt, mode='min', decay_rate=0.5, patience_t=2)",
         reports=STALL, note="step(epoch, metric) with epoch 1, 2, ...; torch's rule inside"),
    case("PlateauLRScheduler-warm-up",
         "PlateauLRScheduler(opt, mode='min', decay_rate=0.5, patience_t=1, warmup_t=4, warmup_lr_init=0.02)",
         reports=NOISY, note="metrics reported during the warm-up are not seen"),
    case("PlateauLRScheduler-max-default", "PlateauLRScheduler(opt, patience_t=2)", reports=RISE,
         note="the mode is 'max' by default"),
    unexpected("TanhLRScheduler-built", "TanhLRScheduler(opt, t_initial=40, lb=-4.0, ub=4.0)",
               "until the first step() the rate is the optimizer's own, a little above the schedule's value"
               " at 0", read="built", n=(0,)),
    unexpected("CosineLRScheduler-logarithm",
               "CosineLRScheduler(opt, t_initial=1, cycle_mul=3.0, cycle_limit=20)",
               "the cycle is found by a logarithm: at 121 it comes out one short"),
]

WARM = "num_warmup_steps=8, num_training_steps=40"

TRANSFORMERS = [
    case("constant", "get_constant_schedule(opt)"),
    case("constant-with-warmup", "get_constant_schedule_with_warmup(opt, num_warmup_steps=8)",
         note="update 0 is made at rate 0"),
    case("linear", f"get_linear_schedule_with_warmup(opt, {WARM})",
         note="num_training_steps includes the warm-up"),
    case("linear-no-warmup",
         "get_linear_schedule_with_warmup(opt, num_warmup_steps=0, num_training_steps=40)"),
    case("cosine", f"get_cosine_schedule_with_warmup(opt, {WARM})", n=TO_40),
    case("cosine-no-warmup",
         "get_cosine_schedule_with_warmup(opt, num_warmup_steps=0, num_training_steps=40)", n=TO_40),
    case("cosine-waves", f"get_cosine_schedule_with_warmup(opt, {WARM}, num_cycles=1.5)", n=TO_40,
         note="waves, not restarts: it rises as smoothly as it falls"),
    case("cosine-with-restarts",
         f"get_cosine_with_hard_restarts_schedule_with_warmup(opt, {WARM}, num_cycles=4)"),
    case("cosine-with-restarts-one", f"get_cosine_with_hard_restarts_schedule_with_warmup(opt, {WARM})"),
    case("cosine-with-restarts-uneven",
         f"get_cosine_with_hard_restarts_schedule_with_warmup(opt, {WARM}, num_cycles=3)",
         note="cycles of 32/3 updates: a restart falls between two updates"),
    case("polynomial", f"get_polynomial_decay_schedule_with_warmup(opt, {WARM})", note="lr_end is 1e-7"),
    case("polynomial-square",
         f"get_polynomial_decay_schedule_with_warmup(opt, {WARM}, lr_end=0.01, power=2.0)"),
    case("polynomial-root",
         "get_polynomial_decay_schedule_with_warmup(opt, num_warmup_steps=0, num_training_steps=40,"
         " lr_end=0.0, power=0.5)"),
    case("inverse-sqrt", "get_inverse_sqrt_schedule(opt, num_warmup_steps=8)"),
    case("inverse-sqrt-timescale", "get_inverse_sqrt_schedule(opt, num_warmup_steps=8, timescale=20)"),
    case("inverse-sqrt-no-warmup", "get_inverse_sqrt_schedule(opt, num_warmup_steps=0)",
         note="the timescale is 10000"),
    case("cosine-with-min-lr", f"get_cosine_with_min_lr_schedule_with_warmup(opt, {WARM}, min_lr=0.01)",
         n=TO_40, note="the warm-up starts at 0, below the minimum"),
    case("cosine-with-min-lr-rate",
         f"get_cosine_with_min_lr_schedule_with_warmup(opt, {WARM}, min_lr_rate=0.2)", n=TO_40),
    case("cosine-warmup-with-min-lr",
         f"get_cosine_with_min_lr_schedule_with_warmup_lr_rate(opt, {WARM}, min_lr=0.01)", n=TO_39,
         note="one update ahead: (n + 1) / W in the warm-up, and the minimum at T - 1"),
    case("cosine-warmup-with-min-lr-rate",
         f"get_cosine_with_min_lr_schedule_with_warmup_lr_rate(opt, {WARM}, min_lr_rate=0.1,"
         " warmup_lr_rate=0.25)", n=TO_39, note="the warm-up reaches the peak at W - 1"),
    case("wsd-cosine", "get_wsd_schedule(opt, num_warmup_steps=8, num_stable_steps=20, num_decay_steps=12)"),
    case("wsd-linear-floor",
         "get_wsd_schedule(opt, num_warmup_steps=8, num_decay_steps=12, num_training_steps=40,"
         " decay_type='linear', min_lr_ratio=0.1)", note="the floor holds in the warm-up as well"),
    case("wsd-1-sqrt",
         "get_wsd_schedule(opt, num_warmup_steps=8, num_stable_steps=20, num_decay_steps=12,"
         " decay_type='1-sqrt')"),
    case("wsd-cosine-warm-up",
         "get_wsd_schedule(opt, num_warmup_steps=8, num_stable_steps=20, num_decay_steps=12,"
         " warmup_type='cosine', decay_type='linear')"),
    case("wsd-1-sqrt-warm-up",
         "get_wsd_schedule(opt, num_warmup_steps=8, num_stable_steps=20, num_decay_steps=12,"
         " warmup_type='1-sqrt', min_lr_ratio=0.05)"),
    case("get_scheduler-cosine-with-restarts",
         f"get_scheduler('cosine_with_restarts', opt, {WARM}, scheduler_specific_kwargs={{'num_cycles':"
         f" 2}})"),
    case("get_scheduler-linear", f"get_scheduler('linear', opt, {WARM})"),
    case("Adafactor-relative-step", "Adafactor([weight], scale_parameter=False)", read="adafactor",
         note="min(1e-2, 1/sqrt(t)) with t = n + 1: the cap binds until t = 10000",
         n=(*EVERYWHERE, 9998, 9999, 10000, 40000)),
    case("Adafactor-relative-step-warm-up", "Adafactor([weight], scale_parameter=False, warmup_init=True)",
         read="adafactor", note="min(1e-6 t, 1/sqrt(t)) with t = n + 1",
         n=(*EVERYWHERE, 9998, 9999, 10000, 40000)),
    case("get_reduce_on_plateau", "get_reduce_on_plateau_schedule(opt, factor=0.5, patience=2)",
         reports=STALL, note="torch's rule"),
    case("GreedyLR-falling", "GreedyLR(opt, factor=0.9, patience=2)", reports=FALL,
         note="good reports raise the rate"),
    case("GreedyLR-stalled", "GreedyLR(opt, factor=0.5, patience=2, min_lr=0.004)", reports=STALL * 2),
    case("GreedyLR-noisy", "GreedyLR(opt, factor=0.8, patience=1, cooldown=1, warmup=2, max_lr=0.2)",
         reports=NOISY),
    case("GreedyLR-default", "GreedyLR(opt)", reports=NOISY + STALL),
    case("GreedyLR-smoothed", "GreedyLR(opt, factor=0.8, patience=1, smooth=True, window_size=4)",
         reports=NOISY),
    unexpected("cosine-climbs-back", f"get_cosine_schedule_with_warmup(opt, {WARM})", GROWS),
    unexpected("cosine-with-min-lr-climbs-back",
               f"get_cosine_with_min_lr_schedule_with_warmup(opt, {WARM}, min_lr=0.01)", GROWS),
    unexpected("cosine-warmup-with-min-lr-climbs-back",
               f"get_cosine_with_min_lr_schedule_with_warmup_lr_rate(opt, {WARM}, min_lr=0.01)", GROWS),
    unexpected("GreedyLR-below-its-floor", "GreedyLR(opt, factor=0.5, patience=1)",
               "a rate below the default floor of 1e-3 is never reduced", base=0.0005, reports=[1.0] * 12),
]

FASTAI = [
    case("SchedLin", "SchedLin(0.1, 0.01)", n=TO_40),
    case("SchedCos", "SchedCos(0.1, 0.01)", n=TO_40),
    case("SchedNo", "SchedNo(0.1, 0.01)", n=TO_40),
    case("SchedExp", "SchedExp(0.1, 0.001)", n=TO_40),
    case("SchedPoly-square", "SchedPoly(0.1, 0.01, 2)", n=TO_40),
    case("SchedPoly-root", "SchedPoly(0.01, 0.1, 0.5)", n=TO_40),
    case("combined_cos", "combined_cos(0.25, 0.01, 0.1, 0.001)", n=TO_39, tolerance=1e-7, note=FRACTION32),
    case("combine_scheds-quarters",
         "combine_scheds([0.25, 0.5, 0.25], [SchedLin(0.01, 0.1), SchedNo(0.1, 0.1), SchedCos(0.1, 0.001)])",
         n=TO_39, tolerance=1e-7, note=FRACTION32),
    case("combine_scheds-tenths",
         "combine_scheds([0.3, 0.3, 0.4], [SchedLin(0.01, 0.1), SchedCos(0.1, 0.05), SchedExp(0.05, 0.001)])",
         n=TO_39, tolerance=1e-7, note=FRACTION32),
    case("fit_one_cycle", "learn.fit_one_cycle(1, lr_max=0.1)", n=TO_39, momentum=True, tolerance=1e-7,
         note=FRACTION32 + "; the end, a hundred-thousandth of the peak, is never reached"),
    case("fit_one_cycle-30",
         "learn.fit_one_cycle(1, lr_max=0.1, div=10.0, div_final=1000.0, pct_start=0.3, moms=(0.9, 0.8,"
         " 0.9))", n=TO_39, momentum=True, tolerance=1e-7, note=FRACTION32),
    case("fit_flat_cos", "learn.fit_flat_cos(1, lr=0.1)", n=TO_39, tolerance=1e-7, note=FRACTION32),
    case("fit_flat_cos-half", "learn.fit_flat_cos(1, lr=0.1, div_final=10.0, pct_start=0.5)", n=TO_39,
         tolerance=1e-7, note=FRACTION32),
    case("fit_sgdr", "learn.fit_sgdr(2, 10, lr_max=0.1, cycle_mult=3)", n=TO_39, tolerance=1e-7,
         note=FRACTION32),
    case("LRFinder", "LRFinder()", n=tuple(range(100)), updates=100, note="the end value 10 is never used"),
    case("LRFinder-40", "LRFinder(start_lr=1e-5, end_lr=1.0, num_it=40)", n=TO_39),
    unexpected("fit_sgdr-restart-late", "learn.fit_sgdr(3, 5, lr_max=0.1)",
               "cycles of 5, 10 and 20 updates: 15/35 in float32 is above 15/35, and the restart comes one"
               " update late", n=tuple(range(35)), updates=35, tolerance=1e-7),
    unexpected("combine_scheds-ten-tenths", "combine_scheds([0.1] * 10, [SchedNo(0.1, 0.1)] * 10)",
               "the fractions must add up to 1 to the last bit"),
    unexpected("combine_scheds-seven-two-one",
               "combine_scheds([0.7, 0.2, 0.1], [SchedNo(0.1, 0.1), SchedLin(0.1, 0.05), SchedCos(0.05,"
               " 0.0)])", "the fractions must add up to 1 to the last bit"),
]

OTHER = [
    case("REXScheduler", "REXScheduler(opt, total_steps=40, max_lr=0.1)", read="ahead",
         note="n is the index that it counts itself"),
    case("REXScheduler-floor", "REXScheduler(opt, total_steps=40, max_lr=0.1, min_lr=0.01)", read="ahead"),
    case("chebyshev-nodes", "get_chebyshev_steps(num_epochs=16, small_m=0.05, big_m=1.0)", read="table",
         n=tuple(range(16)), note="inverse Chebyshev nodes in their natural order, largest first"),
    case("chebyshev-fractal", "get_chebyshev_perm_steps(num_epochs=16)", read="table", n=tuple(range(16)),
         note="the same nodes (small_m 0.05, big_m 1) in fractal order"),
    case("chebyshev-fractal-64", "get_chebyshev_perm_steps(num_epochs=64)", read="table", n=tuple(range(64))),
    case("MiniSom-asymptotic", "MiniSom(2, 2, 1, learning_rate=0.1)", read="som rate",
         note="the default; ends at a third, not near 0"),
    case("MiniSom-inverse", "MiniSom(2, 2, 1, learning_rate=0.1, decay_function='inverse_decay_to_zero')",
         read="som rate"),
    case("MiniSom-linear", "MiniSom(2, 2, 1, learning_rate=0.1, decay_function='linear_decay_to_zero')",
         read="som rate", n=TO_40),
    case("MiniSom-sigma-asymptotic", "MiniSom(8, 8, 1, sigma=4.0)", read="som sigma", base=4.0),
    case("MiniSom-sigma-inverse", "MiniSom(8, 8, 1, sigma=4.0, sigma_decay_function='inverse_decay_to_one')",
         read="som sigma", base=4.0),
    case("MiniSom-sigma-linear", "MiniSom(8, 8, 1, sigma=4.0, sigma_decay_function='linear_decay_to_one')",
         read="som sigma", base=4.0, n=TO_40),
    unexpected("REXScheduler-parks", "REXScheduler(opt, total_steps=40, max_lr=0.1)",
               "used as its class suggests, step() after each update: update 0 is made at the minimum, and"
               " the value of index 0 is never used"),
    unexpected("MiniSom-linear-below-zero",
               "MiniSom(2, 2, 1, learning_rate=0.1, decay_function='linear_decay_to_zero')",
               "past its end the line goes on below zero", read="som rate"),
]

CASES = {
    "torch": TORCH,
    "keras": KERAS,
    "optax": OPTAX,
    "timm": TIMM,
    "transformers": TRANSFORMERS,
    "fastai": FASTAI,
    "other": OTHER,
}
