using System.Linq.Expressions;
using System.Reflection;
using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>What a job computes of a window: the columns that its lambda names, and how a result comes of their values.</summary>
/// <typeparam name="T">The records.</typeparam>
/// <typeparam name="TResult">The results.</typeparam>
internal sealed class Aggregation<T, TResult>
{
    private readonly IReadOnlyList<Column<T>> _columns;

    private Aggregation(IReadOnlyList<Column<T>> columns, Func<ColumnSet<T>, int, TResult> result) => (_columns, Result) = (columns, result);

    /// <summary>The result of a slot.</summary>
    public Func<ColumnSet<T>, int, TResult> Result { get; }

    /// <exception cref="JobDefinitionException">The lambda says what cannot be computed.</exception>
    public static Aggregation<T, TResult> Of(string job, Expression<Func<Aggregates<T>, TResult>> lambda)
    {
        var set = Expression.Parameter(typeof(ColumnSet<T>), "set");
        var slot = Expression.Parameter(typeof(int), "slot");
        var visitor = new Visitor(job, lambda.Parameters[0], set, slot);
        var body = visitor.Visit(lambda.Body);
        return new(visitor.Columns, Expression.Lambda<Func<ColumnSet<T>, int, TResult>>(body, set, slot).Compile());
    }

    /// <summary>The columns by their kind and the types that they keep.</summary>
    public string Shape => string.Join(", ", _columns.Select(c => c.Shape));

    public ColumnSet<T> CreateColumns() => new([.. _columns.Select(c => (Column<T>)c.CreateEmpty())]);

    private sealed class Visitor(string job, ParameterExpression aggregates, ParameterExpression set, ParameterExpression slot) : ExpressionVisitor
    {
        public List<Column<T>> Columns { get; } = [];

        protected override Expression VisitMethodCall(MethodCallExpression call)
        {
            if (call.Object != aggregates)
                return base.VisitMethodCall(call);
            var arguments = call.Arguments.Select(Value).ToArray();
            var selector = arguments.LastOrDefault();
            var types = call.Method.IsGenericMethod ? call.Method.GetGenericArguments() : [];
            return call.Method.Name switch
            {
                nameof(Aggregates<>.Count) => Indexed(new Count<T>((Func<T, bool>?)selector)),
                nameof(Aggregates<>.Sum) when call.Type == typeof(long) => Indexed(new Sum<T, long>((Func<T, long?>)selector!)),
                nameof(Aggregates<>.Sum) when call.Type == typeof(double) => Indexed(new Sum<T, double>((Func<T, double?>)selector!)),
                nameof(Aggregates<>.Sum) => Indexed(new Sum<T, decimal>((Func<T, decimal?>)selector!)),
                nameof(Aggregates<>.Average) => Average((Func<T, decimal?>)selector!),
                nameof(Aggregates<>.Min) or nameof(Aggregates<>.Max) or nameof(Aggregates<>.Top) when !Values.IsOrdered(types[0]) =>
                    throw new JobDefinitionException(job, $"values of type {types[0].Name} have no order, so '{call.Method.Name}' of them is not known"),
                nameof(Aggregates<>.CountDistinct) or nameof(Aggregates<>.Top) when !Values.HasEquality(types[0]) =>
                    throw new JobDefinitionException(job, $"values of type {types[0].Name} are equal to nothing but themselves, so '{call.Method.Name}' would count objects: use a string, a number, a tuple of them, or a record"),
                nameof(Aggregates<>.Min) => Indexed(Create(typeof(Extreme<,>), types, selector, -1)),
                nameof(Aggregates<>.Max) => Indexed(Create(typeof(Extreme<,>), types, selector, 1)),
                nameof(Aggregates<>.CountDistinct) => Indexed(Create(typeof(Distinct<,>), types, selector)),
                nameof(Aggregates<>.Top) => Expression.Call(
                    Column(Create(typeof(Frequencies<,>), types, selector)), nameof(Frequencies<,>.Top), null, slot, Expression.Constant(arguments[0])),
                nameof(Aggregates<>.Of) => Indexed(Create(typeof(Folded<,,>), types, selector)),
                _ => throw new JobDefinitionException(job, $"'{call.Method.Name}' is no aggregate"),
            };
        }

        protected override Expression VisitParameter(ParameterExpression node) => node == aggregates
            ? throw new JobDefinitionException(job, $"in .Aggregate, '{node.Name}' may only be used to call an aggregate, as in {node.Name}.Count()")
            : base.VisitParameter(node);

        private ConditionalExpression Average(Func<T, decimal?> selector)
        {
            var sum = Indexed(new Sum<T, decimal>(selector));
            var count = Indexed(new Count<T>(r => selector(r) is not null));
            return Expression.Condition(
                Expression.Equal(count, Expression.Constant(0L)), Expression.Constant(null, typeof(decimal?)),
                Expression.Convert(Expression.Divide(sum, Expression.Convert(count, typeof(decimal))), typeof(decimal?)));
        }

        private IndexExpression Indexed(Column<T> column) => Expression.Property(Column(column), "Item", slot);

        private UnaryExpression Column(Column<T> column)
        {
            Columns.Add(column);
            var get = Expression.Property(set, "Item", Expression.Constant(Columns.Count - 1));
            return Expression.Convert(get, column.GetType());
        }

        private static Column<T> Create(Type generic, Type[] types, params object?[] arguments) =>
            (Column<T>)Activator.CreateInstance(generic.MakeGenericType([typeof(T), .. types]), arguments)!;

        private object? Value(Expression argument)
        {
            try
            {
                return Expression.Lambda(argument).Compile().DynamicInvoke();
            }
            catch (Exception e) when (e is InvalidOperationException or TargetInvocationException)
            {
                throw new JobDefinitionException(job, $"in .Aggregate, the argument {argument} cannot be known when the job is declared: {e.GetBaseException().Message}");
            }
        }
    }
}

/// <summary>A job's columns, with slots in common.</summary>
internal sealed class ColumnSet<T>(Column<T>[] columns)
{
    private readonly Column<T>[] _cautious = [.. columns.Where(c => c.MayRefuse)];
    private int _capacity;

    public Column<T> this[int index] => columns[index];

    /// <summary>Calls the job's code for a record. When it throws, nothing has changed.</summary>
    public void Evaluate(in T record)
    {
        foreach (var column in columns)
            column.Evaluate(record);
    }

    /// <summary>Adds what was evaluated last. When it throws, nothing has changed.</summary>
    public void Commit(int slot)
    {
        foreach (var column in _cautious)
            column.Prepare(slot);
        foreach (var column in columns)
            column.Commit(slot);
    }

    /// <summary>Makes room for a slot and clears it.</summary>
    public void Open(int slot)
    {
        if (slot >= _capacity)
        {
            _capacity = Math.Max(16, _capacity * 2);
            foreach (var column in columns)
                column.Grow(_capacity);
        }

        foreach (var column in columns)
            column.Clear(slot);
    }

    public void Merge(int slot, ColumnSet<T> other, int otherSlot)
    {
        for (var i = 0; i < columns.Length; i++)
            columns[i].Merge(slot, other[i], otherSlot);
    }

    public void Write(StateWriter writer, int slot)
    {
        foreach (var column in columns)
            column.Write(writer, slot);
    }

    public void Read(ref StateReader reader, int slot)
    {
        foreach (var column in columns)
            column.Read(ref reader, slot);
    }
}
