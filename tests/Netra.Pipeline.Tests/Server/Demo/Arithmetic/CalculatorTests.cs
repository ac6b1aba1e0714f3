using Netra.Pipeline.Server.Demo.Arithmetic;

namespace Netra.Pipeline.Tests.Server.Demo.Arithmetic;

public sealed class CalculatorTests
{
    [TestCase("(2+3)*4", "20")]
    [TestCase("2+3*4", "14")]
    [TestCase("2 - 3 - 4", "-5")]
    [TestCase("100/10/5", "2")]
    [TestCase("17 % 5", "2")]
    [TestCase("-17 % 5", "-2")]
    [TestCase("2^3^2", "512")]
    [TestCase("-2^2", "-4")]
    [TestCase("(-2)^2", "4")]
    [TestCase("2^-2", "0.25")]
    [TestCase("9^0.5", "3")]
    [TestCase("0.1 + 0.2", "0.3")]
    [TestCase("2.50 * 2", "5")]
    [TestCase(".5 + 5.", "5.5")]
    [TestCase("--+3", "3")]
    [TestCase("2 × 3 ÷ 4 − 1", "0.5")]
    [TestCase("2^64", "18446744073709551616")]
    [TestCase("1/3", "0.3333333333333333333333333333")]
    [TestCase("0^0", "1")]
    public void Evaluate_Expression_FollowsTheRulesOfArithmetic(string expression, string expected) =>
        Assert.That(Calculator.Evaluate(expression).ToString(), Is.EqualTo(expected));

    [TestCase("1/0", "division by zero")]
    [TestCase("1/(2-2)", "division by zero")]
    [TestCase("5 % 0", "division by zero")]
    [TestCase("0^-1", "divides by zero")]
    [TestCase("(-2)^0.5", "no real power")]
    [TestCase("10^40", "does not fit")]
    [TestCase("10^-40", "does not fit")]
    [TestCase("9^9^9^9", "does not fit")]
    [TestCase("", "nothing to calculate")]
    [TestCase("  ", "nothing to calculate")]
    [TestCase("(2+3*4", "'(' at position 1 is not closed")]
    [TestCase("2+3)", "')' at position 4 closes nothing")]
    [TestCase("2 3", "operator is missing before position 3")]
    [TestCase("2 +", "ends where a number should follow")]
    [TestCase("2 * / 3", "number is missing before the '/' at position 5")]
    [TestCase("()", "number is missing before the ')'")]
    [TestCase("2 & 3", "'&' at position 3 has no meaning")]
    [TestCase("1.2.3", "'1.2.3' at position 1 is not a number")]
    [TestCase("99999999999999999999999999999999", "not a number")]
    public void Evaluate_WhatCannotBeCalculated_SaysWhy(string expression, string reason) =>
        Assert.That(() => Calculator.Evaluate(expression), Throws.TypeOf<CalculationException>().With.Message.Contains(reason));

    [Test]
    public void Evaluate_DeepNesting_IsRefusedInsteadOfOverflowingTheStack()
    {
        Assert.Multiple(() =>
        {
            Assert.That(
                () => Calculator.Evaluate(new string('(', 900)),
                Throws.TypeOf<CalculationException>().With.Message.Contains("levels deep"));
            Assert.That(
                () => Calculator.Evaluate(new string('-', 900) + "1"),
                Throws.TypeOf<CalculationException>().With.Message.Contains("levels deep"));
        });
    }

    [Test]
    public void Evaluate_TooLong_IsRefused() =>
        Assert.That(
            () => Calculator.Evaluate(new string('1', Calculator.MaxLength + 1)),
            Throws.TypeOf<CalculationException>().With.Message.Contains("limit is 1000"));
}
