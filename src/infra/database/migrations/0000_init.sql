CREATE SEQUENCE "public"."task_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "bots" (
	"id" serial PRIMARY KEY NOT NULL,
	"user_id" integer,
	"name" text NOT NULL,
	"shell_name" text NOT NULL,
	"model_name" text,
	"agent_config" text,
	"system_prompt" text DEFAULT '' NOT NULL,
	"mcp_servers" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"skills" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" serial PRIMARY KEY NOT NULL,
	"user_id" integer,
	"name" text NOT NULL,
	"display_name" text,
	"provider" text NOT NULL,
	"model_id" text NOT NULL,
	"base_url" text,
	"api_key" text,
	"headers" text,
	"parameters" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "shells" (
	"id" serial PRIMARY KEY NOT NULL,
	"user_id" integer,
	"name" text NOT NULL,
	"display_name" text,
	"shell_type" text NOT NULL,
	"execution_type" text NOT NULL,
	"support_model" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"base_image" text,
	"base_shell_ref" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "subtasks" (
	"id" serial PRIMARY KEY NOT NULL,
	"task_id" integer NOT NULL,
	"user_id" integer NOT NULL,
	"team_id" integer NOT NULL,
	"role" text NOT NULL,
	"message_id" integer NOT NULL,
	"parent_id" integer DEFAULT 0 NOT NULL,
	"bot_ids" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"title" text DEFAULT '' NOT NULL,
	"prompt" text DEFAULT '' NOT NULL,
	"status" text DEFAULT 'PENDING' NOT NULL,
	"progress" integer DEFAULT 0 NOT NULL,
	"result" jsonb,
	"error_message" text,
	"executor_name" text DEFAULT '' NOT NULL,
	"executor_namespace" text DEFAULT '' NOT NULL,
	"run_requested_at" timestamp with time zone,
	"run_prompt" text,
	"run_model" text,
	"terminal_event" jsonb,
	"terminal_seq" integer,
	"idempotency_key" text,
	"idempotency_hash" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "task_reservations" (
	"task_id" integer PRIMARY KEY NOT NULL,
	"user_id" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"id" integer PRIMARY KEY DEFAULT nextval('task_id_seq') NOT NULL,
	"user_id" integer NOT NULL,
	"team_id" integer NOT NULL,
	"title" text NOT NULL,
	"prompt" text NOT NULL,
	"type" text DEFAULT 'online' NOT NULL,
	"task_type" text DEFAULT 'chat' NOT NULL,
	"source" text DEFAULT 'web' NOT NULL,
	"status" text DEFAULT 'PENDING' NOT NULL,
	"progress" integer DEFAULT 0 NOT NULL,
	"result" jsonb,
	"error_message" text,
	"git_url" text DEFAULT '' NOT NULL,
	"git_repo" text DEFAULT '' NOT NULL,
	"git_repo_id" integer DEFAULT 0 NOT NULL,
	"git_domain" text DEFAULT '' NOT NULL,
	"branch_name" text DEFAULT '' NOT NULL,
	"model_id" text,
	"force_override_bot_model" boolean DEFAULT false NOT NULL,
	"auto_delete_executor" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"id" serial PRIMARY KEY NOT NULL,
	"user_id" integer,
	"name" text NOT NULL,
	"namespace" text DEFAULT 'default' NOT NULL,
	"display_name" text,
	"mode" text DEFAULT 'solo' NOT NULL,
	"members" jsonb NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" serial PRIMARY KEY NOT NULL,
	"user_name" text NOT NULL,
	"password_hash" text,
	"email" text,
	"role" text DEFAULT 'user' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "bots" ADD CONSTRAINT "bots_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shells" ADD CONSTRAINT "shells_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subtasks" ADD CONSTRAINT "subtasks_task_id_tasks_id_fk" FOREIGN KEY ("task_id") REFERENCES "public"."tasks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_reservations" ADD CONSTRAINT "task_reservations_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "teams" ADD CONSTRAINT "teams_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "bots_owner_name_key" ON "bots" USING btree (coalesce("user_id", 0),"name") WHERE "bots"."is_active";--> statement-breakpoint
CREATE UNIQUE INDEX "models_owner_name_key" ON "models" USING btree (coalesce("user_id", 0),"name");--> statement-breakpoint
CREATE UNIQUE INDEX "shells_owner_name_key" ON "shells" USING btree (coalesce("user_id", 0),"name");--> statement-breakpoint
CREATE UNIQUE INDEX "subtasks_task_message_key" ON "subtasks" USING btree ("task_id","message_id");--> statement-breakpoint
CREATE UNIQUE INDEX "subtasks_idempotency_key" ON "subtasks" USING btree ("user_id","idempotency_key") WHERE "subtasks"."idempotency_key" is not null;--> statement-breakpoint
CREATE INDEX "subtasks_unfinished_runs" ON "subtasks" USING btree ("run_requested_at") WHERE "subtasks"."status" in ('PENDING', 'RUNNING');--> statement-breakpoint
CREATE INDEX "tasks_owner_newest" ON "tasks" USING btree ("user_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "tasks_unfinished" ON "tasks" USING btree ("user_id") WHERE "tasks"."status" in ('PENDING', 'RUNNING', 'CANCELLING');--> statement-breakpoint
CREATE UNIQUE INDEX "teams_owner_name_key" ON "teams" USING btree (coalesce("user_id", 0),"namespace","name") WHERE "teams"."is_active";--> statement-breakpoint
CREATE UNIQUE INDEX "users_user_name_key" ON "users" USING btree ("user_name");