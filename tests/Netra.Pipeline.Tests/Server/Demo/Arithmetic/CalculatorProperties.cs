using FsCheck;
using FsCheck.Fluent;
using Netra.Pipeline.Server.Demo.Arithmetic;

namespace Netra.Pipeline.Tests.Server.Demo.Arithmetic;

public sealed class CalculatorProperties
{
    [Test]
    public void Evaluate_AnyExpression_AgreesWithTheTreeItWasWrittenFrom() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(5_000),
            Prop.ForAll(Expressions(), expression => Outcome(expression.Text) == expression.Value));

    [Test]
    public void Evaluate_AnyText_EitherHasAValueOrSaysWhyNot() =>
        // Any other exception than the one that says why not gets out and fails the check.
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5_000), Prop.ForAll(Texts(), text => _ = Outcome(text)));

    private static Arbitrary<ReferenceExpression> Expressions()
        => Arb.From(Gen.Sized(size => ReferenceExpression.Generator(Math.Min(size + 1, 24))));

    private static Arbitrary<string> Texts() =>
        Arb.From(Gen.Elements([.. "0123456789.+-*/%^() x"]).ListOf().Select(symbols => new string([.. symbols])));

    private static decimal? Outcome(string text)
    {
        try
        {
            return Calculator.Evaluate(text);
        }
        catch (CalculationException)
        {
            return null;
        }
    }
}
