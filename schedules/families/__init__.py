"""Schedules with a formula of their own, one file a family: decay, steps, cosine, cycles, warm-up recipes.

The contract is `schedules.schedule.Schedule`. Start with `decay.py`.
"""
